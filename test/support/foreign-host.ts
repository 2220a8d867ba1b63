/**
 * Somebody else's firewall in a sandbox: a saved rule set of theirs, and a bridge with one member that their rules are about.
 *
 * @module
 */
import { resolve } from "node:path";
import type { TestSandbox } from "./sandbox.ts";

const FIXTURES = resolve(import.meta.dirname, "../fixtures/foreign-rules");

/** How iptables speaks to the kernel. */
export type IptablesVariant = "nft" | "legacy";

/** A bridge of theirs. */
export interface ForeignBridge {
  name: string;
  /** Its address with the prefix length. */
  address: string;
  /** The member's address, without. */
  member: string;
}

/** Run lines of sh in the sandbox. @throws when they fail. */
export async function must(sandbox: TestSandbox, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await sandbox.sh(`set -e\n${script}`);
  if (exitCode !== 0) throw new Error(`${script}\nexited ${exitCode}: ${stderr}${stdout}`);
  return stdout;
}

/** Load saved rules of iptables, both families where there are. */
export async function loadIptables(sandbox: TestSandbox, name: string, variant: IptablesVariant): Promise<void> {
  await must(
    sandbox,
    `iptables-${variant}-restore < ${FIXTURES}/${name}.iptables
     ip6tables-${variant}-restore < ${FIXTURES}/${name}.ip6tables`,
  );
}

/** Load saved rules of nft, in one transaction in the place of those that are there, as a reload does. */
export async function loadNft(sandbox: TestSandbox, name: string, table: string): Promise<void> {
  await must(sandbox, `(echo 'add table ${table}; delete table ${table}'; cat ${FIXTURES}/${name}.nft) | nft -f -`);
}

/** Both families of a variant as text without counters. */
export async function saveIptables(sandbox: TestSandbox, variant: IptablesVariant): Promise<string> {
  const text = await must(sandbox, `iptables-${variant}-save 2>/dev/null; ip6tables-${variant}-save 2>/dev/null`);
  return text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.replace(/ \[\d+:\d+\]/, ""))
    .join("\n");
}

/** Make a bridge of theirs whose member, the namespace `theirs`, serves `theirs` by HTTP on ports 80 and 81. */
export async function addForeignBridge(sandbox: TestSandbox, { name, address, member }: ForeignBridge): Promise<void> {
  const [gateway = "", length = ""] = address.split("/");
  await must(
    sandbox,
    `ip netns add theirs
     ip link add ${name} type bridge
     ip address add ${address} dev ${name}
     ip link set ${name} up
     ip link add vtheirs type veth peer name eth0 netns theirs
     ip link set vtheirs master ${name} up
     ip -n theirs link set lo up
     ip -n theirs address add ${member}/${length} dev eth0
     ip -n theirs link set eth0 up
     ip -n theirs route add default via ${gateway}
     mkdir /run/theirs && echo theirs > /run/theirs/index.html
     for port in 80 81; do nsenter --net=/run/netns/theirs busybox httpd -p $port -h /run/theirs; done`,
  );
}
