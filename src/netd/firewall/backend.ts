/**
 * Which rules netd speaks in: tables of its own, or chains in those of iptables. Frames are judged by `table bridge netd` in all cases, as
 * iptables sees none.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import {
  buildIptables,
  FIREWALL_TABLE,
  type FirewallModel,
  IPTABLES_CHAINS,
  IPTABLES_COMMENT,
  type NftElement,
  type NftTable,
} from "../../firewall/index.ts";
import {
  applySteps,
  hasLegacyFilter,
  type IptablesApply,
  type IptablesTool,
  inNewNetns,
  type NetworkStep,
  type Nftables,
  readIptablesParts,
} from "../../kernel/index.ts";

/** What `netd --firewall` takes. */
export const FIREWALL_BACKENDS = ["nft", "iptables", "iptables-legacy"] as const;
export type FirewallBackend = (typeof FIREWALL_BACKENDS)[number];

/** The programs of a backend: none, or one for each family, IPv4 first. */
export function backendTools(backend: FirewallBackend): IptablesTool[] {
  if (backend === "nft") return [];
  return backend === "iptables" ? ["iptables-nft", "ip6tables-nft"] : ["iptables-legacy", "ip6tables-legacy"];
}

/** Those tables or elements that a backend has in nftables. */
export function ownedByNft<T extends NftTable | NftElement>(backend: FirewallBackend, all: readonly T[]): readonly T[] {
  return backend === "nft" ? all : all.filter(({ family }) => family === "bridge");
}

/** What puts a model in force with each program of a backend. */
export function iptablesSteps(backend: FirewallBackend, model: FirewallModel): IptablesApply[] {
  return backendTools(backend).map((tool) => ({
    op: "iptables.apply",
    tool,
    parts: buildIptables(model, isIpv6(tool) ? 6 : 4),
    comment: IPTABLES_COMMENT,
  }));
}

/** Remembers how the programs print what was asked for: each state of it is printed once, in an empty namespace. */
export class IptablesPrints {
  readonly #prints = new Map<IptablesTool, { parts: string; print: string }>();

  /** Whether the kernel has what a step makes. @throws {NetdError} IPTABLES_FAILED, KERNEL_FEATURE_MISSING */
  isInForce(step: IptablesApply): boolean {
    return JSON.stringify(readIptablesParts({ tool: step.tool }, step)) === this.#printOf(step);
  }

  #printOf(step: IptablesApply): string {
    const parts = JSON.stringify(step.parts);
    const known = this.#prints.get(step.tool);
    if (known?.parts === parts) return known.print;
    const print = inNewNetns(() => {
      applySteps([step]);
      return JSON.stringify(readIptablesParts({ tool: step.tool }, step));
    });
    this.#prints.set(step.tool, { parts, print });
    return print;
  }
}

/** What removes rules of ours that another backend made, or all without a backend. Costs one listing of chains, and programs only where there are some. */
export function planOtherBackends(nftables: Nftables, backend?: FirewallBackend): NetworkStep[] {
  const kept: readonly IptablesTool[] = backend === undefined ? [] : backendTools(backend);
  return [
    ...foundTools(nftables)
      .filter((tool) => !kept.includes(tool))
      .map(
        (tool): NetworkStep => ({
          op: "iptables.remove",
          tool,
          parts: IPTABLES_CHAINS,
          comment: IPTABLES_COMMENT,
        }),
      ),
    ...(backend === "nft" ? [] : [{ op: "nft.deleteTable", family: "inet", name: FIREWALL_TABLE } as const]),
  ];
}

/** The programs in whose tables there are chains of ours. */
function foundTools(nftables: Nftables): IptablesTool[] {
  const own = new Set(IPTABLES_CHAINS.flatMap(({ chains }) => chains.map(({ name }) => name)));
  const families = nftables.list("list chains").nftables.flatMap((object) => {
    const { family, name } = (object["chain"] ?? {}) as { family?: string; name?: string };
    return name !== undefined && own.has(name) ? [family] : [];
  });
  const legacy = (["iptables-legacy", "ip6tables-legacy"] as const).filter(
    (tool) => hasLegacyFilter(isIpv6(tool) ? 6 : 4) && hasOwnChains(tool),
  );
  return [
    ...(families.includes("ip") ? ["iptables-nft" as const] : []),
    ...(families.includes("ip6") ? ["ip6tables-nft" as const] : []),
    ...legacy,
  ];
}

function hasOwnChains(tool: IptablesTool): boolean {
  try {
    const parts = readIptablesParts({ tool }, { parts: IPTABLES_CHAINS, comment: IPTABLES_COMMENT });
    return parts.some(({ chains }) => chains.length > 0);
  } catch (error) {
    // Who has not got the program has made nothing with it.
    if (error instanceof NetdError && error.code === "KERNEL_FEATURE_MISSING") return false;
    throw error;
  }
}

function isIpv6(tool: IptablesTool): boolean {
  return tool.startsWith("ip6");
}
