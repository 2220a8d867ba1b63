/**
 * What carries this netd's tag and belongs to nothing any more. Pure, but for the reading of cgroups.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import type { LinkInfo, NetworkStep } from "../../kernel/index.ts";
import { linkAlias } from "../network/network-plan.ts";

/** Something to be removed. */
export interface Leftover {
  object: string;
  text: string;
  steps: NetworkStep[];
}

/** What is still owned by somebody. */
export interface Owners {
  instance: string;
  /** Ids of containers. */
  containerIds: ReadonlySet<string>;
  /** Names of links that networks have. */
  bridges: ReadonlySet<string>;
}

/** Find links of ours whose container or network is gone. */
export function findLinkLeftovers(links: Iterable<LinkInfo>, { instance, containerIds, bridges }: Owners): Leftover[] {
  const tag = linkAlias(instance, "");
  return [...links].flatMap(({ name, kind, alias }) => {
    if (alias?.startsWith(tag) !== true) return [];
    const owner = alias.slice(tag.length);
    if (kind === "bridge" ? bridges.has(name) : containerIds.has(owner)) return [];
    // Of links that are neither, only those that name a container are certain.
    if (kind !== "bridge" && !/^[0-9a-f]{12,64}$/.test(owner)) return [];
    const what = kind === "bridge" ? "network" : "container";
    return [
      {
        object: `${kind ?? "link"} ${name}`,
        text: `is left of a ${what} that is gone`,
        steps: [{ op: "link.delete", name }],
      },
    ];
  });
}

/** A namespace with a name, and the links in it. */
export interface NamedNamespace {
  name: string;
  links: Iterable<LinkInfo>;
}

/**
 * Find namespaces that hold the other end of a veth pair of ours whose container is gone. `links` are the host's; those of containers that are
 * known are not to be among the namespaces.
 */
export function findNamespaceLeftovers(
  namespaces: Iterable<NamedNamespace>,
  links: Iterable<LinkInfo>,
  owners: Owners,
): Leftover[] {
  const doomed = new Set(findLinkLeftovers(links, owners).map(({ object }) => object));
  const pairs = [...links].filter(({ kind, name }) => kind === "veth" && doomed.has(`veth ${name}`));
  const isEndOf = (end: LinkInfo, { index, link }: LinkInfo): boolean =>
    end.kind === "veth" && end.link === index && end.index === link;
  return [...namespaces]
    .filter(({ links: inside }) => [...inside].some((end) => pairs.some((pair) => isEndOf(end, pair))))
    .map(({ name }) => ({
      object: `network namespace ${name}`,
      text: "is left of a container that is gone",
      steps: [{ op: "netns.delete", name }],
    }));
}

/** Find cgroups of ours whose container is gone: children of `parent`, whose directories in all hierarchies are given. */
export function findCgroupLeftovers(
  directories: readonly string[],
  parent: string,
  containerIds: ReadonlySet<string>,
): Leftover[] {
  const names = new Set(directories.flatMap(childrenOf));
  return [...names]
    .filter((name) => /^[0-9a-f]{12,64}$/.test(name) && !containerIds.has(name))
    .map((name) => ({
      object: `cgroup ${parent}/${name}`,
      text: "is left of a container that is gone",
      steps: [{ op: "cgroup.delete", path: `${parent}/${name}` }],
    }));
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
