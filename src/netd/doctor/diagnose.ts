/**
 * From what is known of the host to findings in words, each with what to do. Pure.
 *
 * @module
 */
import type { DoctorFinding } from "../../api/index.ts";
import type { NetworkStep } from "../../kernel/index.ts";
import type { NetworkRow } from "../network/network-row.ts";
import type { Drift } from "../reconcile/drift.ts";
import type { Leftover } from "./leftovers.ts";

/** What doctor knows of one network. */
export interface NetworkFacts {
  row: NetworkRow;
  /** Ports of its bridge. */
  ports: number;
  /** Bytes; what it has now. */
  mtu: number;
  usage: { total: number; used: number };
}

/** What doctor knows of the host. */
export interface DoctorFacts {
  networks: readonly NetworkFacts[];
  drift: readonly Drift[];
  leftovers: readonly Leftover[];
  /** How many leases nobody can have any more. */
  staleLeases: number;
  /** Networks in which nobody of ours answers names, and who listens in the way, in words. */
  unanswered: readonly { network: string; address: string; by?: string }[];
  /** What rules of others stop, in words, each with the commands that allow it. */
  blocks: readonly { text: string; remedy: readonly string[] }[];
  /** MTU of the link of the default route; absent: there is no way out. */
  uplink?: { name: string; mtu: number } | undefined;
  /** Entries and limit of each table of neighbours. */
  neighbours: readonly { name: string; used: number; limit: number }[];
  /** Values of some kernel parameters; those that this kernel lacks are left out. */
  sysctls: ReadonlyMap<string, string>;
  /** What the built-in image is made from. */
  busybox: "static" | "dynamic" | "missing";
  /** What could not be found out, in words. */
  failures: readonly string[];
}

/** A finding, and what mends it where netd can. */
export interface Finding extends DoctorFinding {
  steps: readonly NetworkStep[];
}

/** Kernel parameters that {@link diagnose} wants to know. */
export const DOCTOR_SYSCTLS = [
  "net/bridge/bridge-nf-call-iptables",
  "net/bridge/bridge-nf-call-ip6tables",
  "net/ipv4/conf/all/rp_filter",
  "net/ipv4/ip_forward",
] as const;

/** Ports that a bridge can have (BR_MAX_PORTS, net/bridge/br_private.h, less number 0). */
const MAX_PORTS = 1023;
/** From here on a limit is near. */
const NEARLY_FULL = 0.9;

/** Find what is wrong, the worst first; when nothing is, that is the finding. */
export function diagnose(facts: DoctorFacts): Finding[] {
  const findings = [
    ...facts.failures.map((text) => problem(text)),
    ...facts.drift.map(ofDrift),
    ...facts.leftovers.map(ofLeftover),
    ...leases(facts),
    ...facts.unanswered.map(ofUnanswered),
    ...facts.blocks.map(({ text, remedy }) => problem(text, remedy.join("; "))),
    ...limits(facts),
    ...mtus(facts),
    ...parameters(facts),
    ...programs(facts),
  ];
  const order = ["problem", "warning", "ok"];
  findings.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  if (findings.some(({ level }) => level !== "ok")) return findings;
  return [finding("ok", "The network of this host is as netd wants it"), ...findings];
}

function ofDrift({ kind, object, text, steps }: Drift): Finding {
  if (kind === "foreign") {
    return finding("warning", `A stranger's ${object}: ${text}`, {
      remedy: object.startsWith("route ")
        ? "Remove the route, or make a network with another subnet and move its containers there"
        : "Remove it, or move it to a bridge of its own: netd does not touch it",
    });
  }
  return finding("problem", `Of netd's own, ${object}: ${text}`, {
    remedy: steps.length > 0 ? "Mend it with 'netctl drift --heal'" : "Restart the containers that need it",
    steps,
  });
}

function ofLeftover({ object, text, steps }: Leftover): Finding {
  return finding("warning", `${object} ${text}`, { remedy: "Remove it with 'netctl doctor --repair'", steps });
}

function leases({ staleLeases: count }: DoctorFacts): Finding[] {
  if (count === 0) return [];
  const text =
    count === 1 ? "1 lease is of a container that is gone" : `${count} leases are of containers that are gone`;
  const remedy = "End them with 'netctl lease collect' or 'netctl doctor --repair'";
  return [{ ...finding("warning", text, { remedy }), repairable: true }];
}

function ofUnanswered({ network, address, by }: DoctorFacts["unanswered"][number]): Finding {
  return problem(
    `Nobody of netd's answers names in network ${network}, on ${address} port 53${by === undefined ? "" : `: ${by}`}`,
    by === undefined
      ? "Read netd-dns.log in the state directory, and restart netd"
      : "Have that program listen on other addresses only, such as 127.0.0.1, and restart netd",
  );
}

function limits({ networks, neighbours }: DoctorFacts): Finding[] {
  return [
    ...networks.flatMap(({ row, ports, usage }) => [
      ...nearly(ports, MAX_PORTS, `ports of bridge ${row.bridge}`, "Have new containers join another network"),
      ...nearly(
        usage.used,
        usage.total,
        `addresses of network ${row.name}`,
        "See 'netctl ls --stale', remove containers, or widen it with 'netctl net set'",
      ),
    ]),
    ...neighbours.flatMap(({ name, used, limit }) =>
      nearly(
        used,
        limit,
        `neighbour entries of the host (${name})`,
        "Raise net.ipv4.neigh.default.gc_thresh3 and its like of IPv6",
      ),
    ),
  ];
}

function nearly(used: number, total: number, what: string, remedy: string): Finding[] {
  if (total === 0 || used < total * NEARLY_FULL) return [];
  return [finding(used >= total ? "problem" : "warning", `${used} of ${total} ${what} are in use`, { remedy })];
}

function mtus({ networks, uplink }: DoctorFacts): Finding[] {
  if (uplink === undefined) {
    return [
      finding("warning", "The host has no default route: containers reach nothing outside", {
        remedy: "Add one with 'ip route add default via ADDRESS'",
      }),
    ];
  }
  return networks
    .filter(({ mtu, row }) => mtu > uplink.mtu && !row.isInternal)
    .map(({ row, mtu }) =>
      finding(
        "warning",
        `Packets of network ${row.name} may have ${mtu} bytes, those of ${uplink.name} ${uplink.mtu}`,
        {
          remedy: `Use 'netctl net set ${row.name} --mtu ${uplink.mtu}', or --mtu 0 to follow ${uplink.name}`,
        },
      ),
    );
}

function parameters({ sysctls }: DoctorFacts): Finding[] {
  const bridged = DOCTOR_SYSCTLS.filter((key) => key.startsWith("net/bridge/") && sysctls.get(key) === "1");
  return [
    ...bridged.map((key) =>
      finding("ok", `Rules of iptables see what containers of one network send each other (${key} = 1)`, {
        remedy: `Where no other program needs it: sysctl -w ${key}=0`,
      }),
    ),
    ...(sysctls.get("net/ipv4/conf/all/rp_filter") === "1"
      ? [
          finding("ok", "The host drops packets that come in by another way than answers would leave (rp_filter = 1)", {
            remedy: "With several ways out, published ports may need sysctl -w net/ipv4/conf/all/rp_filter=2",
          }),
        ]
      : []),
  ];
}

function programs({ busybox }: DoctorFacts): Finding[] {
  if (busybox === "static") return [];
  const text =
    busybox === "missing"
      ? "There is no /bin/busybox to make the built-in image from"
      : "/bin/busybox needs libraries: the built-in image made from it can't start";
  return [
    finding("warning", text, { remedy: "Install one with 'apt-get install busybox-static', or import an image" }),
  ];
}

function problem(text: string, remedy?: string): Finding {
  return finding("problem", text, remedy === undefined ? {} : { remedy });
}

function finding(
  level: DoctorFinding["level"],
  text: string,
  { remedy, steps = [] }: { remedy?: string; steps?: readonly NetworkStep[] } = {},
): Finding {
  return { level, text, ...(remedy === undefined ? {} : { remedy }), repairable: steps.length > 0, steps };
}
