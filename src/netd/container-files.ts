/**
 * Text of the three files that netd generates for each container.
 *
 * @module
 */

/** One other container of the same network. */
export interface HostsMember {
  name: string;
  address: string;
}

/** What a container's /etc/hosts is made from. */
export interface HostsInput {
  hostname: string;
  name: string;
  address: string;
  /** The running members of the network, this one excluded or not. */
  members: readonly HostsMember[];
  /** `--add-host`. */
  extraHosts: readonly HostsMember[];
}

/** Format /etc/hosts (hosts(5)): localhost, the container, what its user added, then its neighbours by name. */
export function formatHosts(input: HostsInput): string {
  const own = input.hostname === input.name ? input.name : `${input.hostname}\t${input.name}`;
  const lines = [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "ff00::0\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
    `${input.address}\t${own}`,
    ...input.extraHosts.map(({ name, address }) => `${address}\t${name}`),
    ...input.members
      .filter(({ address }) => address !== input.address)
      .map(({ name, address }) => `${address}\t${name}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Format /etc/resolv.conf (resolv.conf(5)): always netd-dns, whatever the host's resolver is. */
export function formatResolvConf(gateway: string): string {
  return `nameserver ${gateway}\noptions ndots:0\n`;
}

/** Format /etc/hostname. */
export function formatHostname(hostname: string): string {
  return `${hostname}\n`;
}
