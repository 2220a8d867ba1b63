/**
 * What the API can ask about the health of the host's network.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { DoctorFinding } from "../../api/index.ts";
import {
  findListener,
  hasSysctl,
  listNeighbours,
  listNeighbourTables,
  readSysctl,
  teardownSteps,
} from "../../kernel/index.ts";
import { cgroupParent, type DaemonContext } from "../context.ts";
import { describeBlock } from "../foreign/find-blocks.ts";
import { foreignBlocks } from "../foreign/foreign-blocks.ts";
import { findUplink } from "../kernel-facts.ts";
import { collectLeases } from "../lease/collect-leases.ts";
import { listNamespaces } from "../lease/kernel-addresses.ts";
import { isStale } from "../lease/lease-info.ts";
import { hasZone } from "../names/zones.ts";
import type { NetworkRow } from "../network/network-row.ts";
import { forgetLostState, isStateLost } from "../reconcile/lost-state.ts";
import { readFacts, readNamespace } from "../reconcile/read-facts.ts";
import { DOCTOR_SYSCTLS, type DoctorFacts, diagnose, type Finding } from "./diagnose.ts";
import { findCgroupLeftovers, findLinkLeftovers, findNamespaceLeftovers, type NamedNamespace } from "./leftovers.ts";

/** Host program that the built-in image is made from. */
const BUSYBOX = "/bin/busybox";
const HEAD_BYTES = 4096;
const DNS_PORT = 53;

/** Finds what is wrong, and mends what is ours. */
export class DoctorApi {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  /** Tell what is wrong, the worst first. */
  async find(): Promise<DoctorFinding[]> {
    return this.#diagnose(await this.#resolverPid()).map(show);
  }

  /** Mend what is ours, and tell what is wrong then. What can't be mended is in the log, and among the findings. */
  async repair(): Promise<DoctorFinding[]> {
    const { reconciler, journal, session, logger } = this.#context;
    reconciler.heal({ rules: true, inside: true });
    const steps = this.#diagnose(await this.#resolverPid()).flatMap((finding) => finding.steps);
    for (const failure of teardownSteps(steps, { journal: journal.note, session })) {
      logger.error({ err: failure }, "cannot mend what doctor found");
    }
    journal.flush();
    await this.#endLost();
    await collectLeases(this.#context);
    return await this.find();
  }

  /** Forget containers of a state that was lost: they have ended with their cgroups. */
  async #endLost(): Promise<void> {
    const { store, runtime, containers } = this.#context;
    if (!isStateLost(store)) return;
    const client = await runtime.client();
    const { containers: records } = await client.call("hello", {});
    for (const { containerId } of records) {
      if (containers.byId(containerId) === undefined) await client.call("remove", { containerId });
    }
    forgetLostState(store);
  }

  /** The process that answers names; undefined while there is none. */
  async #resolverPid(): Promise<number | undefined> {
    const hello = this.#context.dns.current?.request({ method: "hello" });
    return await hello?.then(({ pid }) => pid).catch(() => undefined);
  }

  #countStaleLeases(): number {
    let count = 0;
    for (const lease of this.#context.ipam.list()) if (isStale(this.#context, lease)) count++;
    return count;
  }

  /** Namespaces with a name that is no running container's. */
  #strayNamespaces(): NamedNamespace[] {
    const { containers, session } = this.#context;
    return listNamespaces()
      .filter((name) => containers.byName(name)?.row.state !== "running")
      .flatMap((name) => {
        const facts = readNamespace(session, name);
        return facts === undefined ? [] : [{ name, links: [...facts.links.values()] }];
      });
  }

  #diagnose(resolverPid: number | undefined): Finding[] {
    return diagnose(this.#facts(resolverPid));
  }

  #facts(resolverPid: number | undefined): DoctorFacts {
    const { networks, containers, reconciler, session, instance, ipam, uplink } = this.#context;
    const failures: string[] = [];
    const attempt = <T>(what: string, ask: () => T, otherwise: T): T => {
      try {
        return ask();
      } catch (error) {
        failures.push(`Cannot tell ${what}: ${error instanceof Error ? error.message : String(error)}`);
        return otherwise;
      }
    };
    const { links } = readFacts(session, { sysctls: [], isolatedBridges: [], namespaces: [] });
    const rows = [...networks];
    const containerIds = new Set([...containers].map(({ row }) => row.id));
    const bridges = new Set(rows.map(({ bridge }) => bridge));
    const way = findUplink();
    const portsOf = ({ bridge }: NetworkRow): number => {
      const index = links.get(bridge)?.index;
      return [...links.values()].filter(({ master }) => master !== undefined && master === index).length;
    };
    const parent = cgroupParent(instance);
    const directories = session.cgroups.directories(parent);
    const owners = { instance, containerIds, bridges };
    const neighbours = listNeighbours(session.rtnetlink());
    return {
      networks: rows.map((row) => ({
        row,
        ports: portsOf(row),
        mtu: row.mtu ?? uplink.mtu,
        usage: row.subnet === undefined ? { total: 0, used: 0 } : ipam.usage(row.name),
      })),
      drift: attempt("what was changed", () => reconciler.look({ rules: true, inside: true }), []),
      leftovers: [
        ...attempt(
          "which namespaces are left over",
          () => findNamespaceLeftovers(this.#strayNamespaces(), [...links.values()], owners),
          [],
        ),
        ...findLinkLeftovers(links.values(), owners),
        ...findCgroupLeftovers(directories, parent, containerIds),
      ],
      staleLeases: attempt("which leases are stale", () => this.#countStaleLeases(), 0),
      unanswered: attempt("who answers names", () => findUnanswered(rows, resolverPid), []),
      blocks: attempt(
        "what rules of others do",
        () => foreignBlocks(this.#context).map((block) => ({ text: describeBlock(block), remedy: block.remedy })),
        [],
      ),
      uplink: way === undefined ? undefined : { name: way.name, mtu: way.mtu },
      neighbours: listNeighbourTables(session.rtnetlink()).map(({ name, limit }) => ({
        name,
        limit,
        used: neighbours.filter(({ address }) => address.includes(":") === (name === "ndisc_cache")).length,
      })),
      sysctls: new Map(DOCTOR_SYSCTLS.flatMap((key) => (hasSysctl(key) ? [[key, readSysctl(key)]] : []))),
      busybox: attempt("what /bin/busybox is", () => readBusybox(BUSYBOX), "missing"),
      failures,
    };
  }
}

/** Find the networks where netd-dns should listen and does not. */
function findUnanswered(networks: readonly NetworkRow[], resolverPid: number | undefined): DoctorFacts["unanswered"] {
  return networks.filter(hasZone).flatMap(({ name, gateway, gateway6 }) => {
    const address = gateway ?? gateway6 ?? "";
    const found = findListener({ protocol: "udp", address, port: DNS_PORT });
    if (found?.owner !== undefined && found.owner.pid === resolverPid) return [];
    if (found === undefined) return [{ network: name, address }];
    const who = found.owner === undefined ? "somebody" : `'${found.owner.name}' (pid ${found.owner.pid})`;
    return [{ network: name, address, by: `${who} listens on ${found.address}` }];
  });
}

function show({ steps: _steps, ...finding }: Finding): DoctorFinding {
  return finding;
}

/** Whether a program is static: an ELF file without an interpreter (elf(5), PT_INTERP). */
export function readBusybox(path: string): "static" | "dynamic" | "missing" {
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    const fd = openSync(path, "r");
    try {
      readSync(fd, head, 0, HEAD_BYTES, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
  return hasInterpreter(head) ? "dynamic" : "static";
}

/** e_phoff, e_phentsize, e_phnum of a 64-bit header, and p_type PT_INTERP. */
function hasInterpreter(head: Buffer): boolean {
  const offset = Number(head.readBigUInt64LE(0x20));
  const size = head.readUInt16LE(0x36);
  const count = head.readUInt16LE(0x38);
  for (let entry = 0; entry < count && offset + (entry + 1) * size <= head.length; entry++) {
    if (head.readUInt32LE(offset + entry * size) === 3) return true;
  }
  return false;
}
