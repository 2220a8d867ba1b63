/**
 * Text of the three files that netd generates for each container.
 *
 * @module
 */

/** Names of one address. */
export interface HostsMember {
  name: string;
  /** Its aliases in that network. */
  aliases?: readonly string[];
  address: string;
}

/** What a container's /etc/hosts is made from. */
export interface HostsInput {
  hostname: string;
  domainname?: string | undefined;
  name: string;
  /** Its own; none for a container in no network. */
  addresses: readonly string[];
  /** The running members of its networks, this one excluded or not. */
  members: readonly HostsMember[];
  /** `--add-host`. */
  extraHosts: readonly HostsMember[];
}

/** Format /etc/hosts (hosts(5)): localhost, the container, what its user added, then its neighbours by name. */
export function formatHosts(input: HostsInput): string {
  const { hostname, domainname, name, addresses } = input;
  const names = [...(domainname === undefined ? [] : [`${hostname}.${domainname}`]), hostname, name];
  const own = [...new Set(names)].join("\t");
  const lines = [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "ff00::0\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
    ...addresses.map((address) => `${address}\t${own}`),
    ...formatMembers(input.extraHosts),
    ...formatMembers(input.members.filter(({ address }) => !addresses.includes(address))),
  ];
  return `${lines.join("\n")}\n`;
}

/** Format /etc/hosts of a container in the host's network: the host's own, then what its user added. */
export function formatHostHosts(hostHosts: string, extraHosts: readonly HostsMember[]): string {
  const own = hostHosts === "" || hostHosts.endsWith("\n") ? hostHosts : `${hostHosts}\n`;
  return (
    own +
    formatMembers(extraHosts)
      .map((line) => `${line}\n`)
      .join("")
  );
}

function formatMembers(members: readonly HostsMember[]): string[] {
  return members.map(({ name, aliases = [], address }) =>
    // Of many containers, most have no alias.
    aliases.length === 0 ? `${address}\t${name}` : [address, ...new Set([name, ...aliases])].join("\t"),
  );
}

/** Format /etc/resolv.conf of a container that no netd-dns answers: the name servers of its user, else what the host has. */
export function formatHostResolvConf(hostResolvConf: string, servers: readonly string[] | undefined): string {
  return servers === undefined ? hostResolvConf : servers.map((server) => `nameserver ${server}\n`).join("");
}

/** Format /etc/resolv.conf (resolv.conf(5)): always netd-dns, whatever the host's resolver is, and the domains of the container's networks. */
export function formatResolvConf(server: string, domains: readonly string[] = []): string {
  const search = domains.length === 0 ? "" : `search ${[...new Set(domains)].join(" ")}\n`;
  return `nameserver ${server}\n${search}options ndots:0\n`;
}

/** Format /etc/hostname. */
export function formatHostname(hostname: string): string {
  return `${hostname}\n`;
}
