import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { describeBlock, findForeignBlocks } from "../../../../src/netd/foreign/find-blocks.ts";
import type { ForeignTable } from "../../../../src/netd/foreign/foreign-rules.ts";
import { parseIptablesSave } from "../../../../src/netd/foreign/parse-iptables-save.ts";
import { parseNftTable } from "../../../../src/netd/foreign/parse-nft.ts";

const NETWORK = {
  name: "default",
  bridge: "br0",
  v4: { gateway: "172.16.0.1", member: "172.16.0.2" },
  v6: { gateway: "fd00:1::1", member: "fd00:1::2" },
  isInternal: false,
};
const OPTIONS = { networks: [NETWORK], uplink: "up0", isBridgeFiltered: false };

function saved(file: string, change: (text: string) => string = (text) => text): ForeignTable {
  const path = resolve(import.meta.dirname, "../../../fixtures/foreign-rules", file);
  const text = change(readFileSync(path, "utf8"));
  const filter = text.slice(text.indexOf("*filter"), text.indexOf("COMMIT", text.indexOf("*filter")));
  const isV6 = file.endsWith("ip6tables");
  return {
    tool: isV6 ? "ip6tables-nft" : "iptables-nft",
    family: isV6 ? "ip6" : "ip",
    name: "filter",
    chains: parseIptablesSave(filter),
  };
}

function table(...rules: string[]): ForeignTable {
  const text = [":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":mine - [0:0]", ...rules].join("\n");
  return { tool: "iptables-nft", family: "ip", name: "filter", chains: parseIptablesSave(text) };
}

/** What is stopped, as words. */
function stopped(tables: readonly ForeignTable[], options: Partial<typeof OPTIONS> = {}): string[] {
  return findForeignBlocks(tables, { ...OPTIONS, ...options }).map(({ family, traffic }) => `${traffic} ${family}`);
}

describe("findForeignBlocks", () => {
  test.each([
    ["docker-20.10.iptables", ["out 4", "replies 4", "published 4"]],
    ["docker-20.10.ip6tables", ["out 6", "replies 6", "published 6"]],
    ["docker-28.5.iptables", ["out 4", "replies 4", "published 4"]],
    ["docker-28.5.ip6tables", ["out 6", "replies 6", "published 6"]],
    ["ufw-0.36.iptables", ["names 4", "out 4", "published 4"]],
    ["ufw-0.36.ip6tables", ["names 6", "out 6", "published 6"]],
    ["libvirt-9.0.iptables", []],
    ["libvirt-9.0.ip6tables", []],
  ])("findForeignBlocks tells what %s stops", (file, wanted) => {
    expect(stopped([saved(file)])).toEqual(wanted);
  });

  test("findForeignBlocks asks for no way out of an internal network, nor without an uplink", () => {
    const tables = [saved("docker-28.5.iptables")];
    expect(findForeignBlocks(tables, { ...OPTIONS, networks: [{ ...NETWORK, isInternal: true }] })).toEqual([]);
    expect(findForeignBlocks(tables, { networks: [NETWORK], isBridgeFiltered: false })).toEqual([]);
  });

  test("findForeignBlocks looks at bridged packets where they pass the rules of IP", () => {
    expect(stopped([saved("docker-28.5.iptables")], { isBridgeFiltered: true })).toContain("between 4");
  });

  test("findForeignBlocks finds nothing once the owner's own command was given", () => {
    const allow = [
      "-A ufw-user-forward -i br0 -j ACCEPT",
      "-A ufw-user-forward -o br0 -j ACCEPT",
      "-A ufw-user-input -i br0 -p tcp -m tcp --dport 53 -j ACCEPT",
      "-A ufw-user-input -i br0 -p udp -m udp --dport 53 -j ACCEPT",
    ].join("\n");
    expect(stopped([saved("ufw-0.36.iptables", (text) => text.replace("\nCOMMIT", `\n${allow}\nCOMMIT`))])).toEqual([]);
  });

  test("findForeignBlocks gives the remedy in the words of whoever blocks", () => {
    const [names, out, published] = findForeignBlocks([saved("ufw-0.36.iptables")], OPTIONS);
    expect(names).toMatchObject({ owner: "ufw", isGuess: false, remedy: ["ufw allow in on br0 to any port 53"] });
    expect(out).toMatchObject({ owner: "ufw", remedy: ["ufw route allow in on br0"] });
    expect(published).toMatchObject({ owner: "ufw", remedy: ["ufw route allow out on br0"] });
    const [docker] = findForeignBlocks([saved("docker-20.10.ip6tables")], OPTIONS);
    expect(docker).toMatchObject({ owner: "docker", remedy: ["ip6tables-nft -I FORWARD -i br0 -j ACCEPT"] });
  });

  test.each([
    [
      "a jump that returns",
      ["-A FORWARD -j mine", "-A mine -s 10.0.0.0/8 -j ACCEPT"],
      ["out 4", "replies 4", "published 4"],
    ],
    [
      "a goto, after which only the policy is left",
      ["-A FORWARD -g mine", "-A FORWARD -j ACCEPT"],
      ["out 4", "replies 4", "published 4"],
    ],
    ["a jump before an accept", ["-A FORWARD -j mine", "-A FORWARD -j ACCEPT"], []],
    ["negated links", ["-A FORWARD ! -i eth9 ! -o br0 -j ACCEPT"], ["replies 4", "published 4"]],
    ["a link with a wildcard", ["-A FORWARD -i br+ -j ACCEPT"], ["replies 4", "published 4"]],
    ["a target that is no chain", ['-A FORWARD -j LOG --log-prefix "a -j DROP"', "-A FORWARD -j ACCEPT"], []],
    ["a comment with words of rules", ['-A FORWARD -m comment --comment "never -j DROP \\"x\\"" -j ACCEPT'], []],
    [
      "a reject",
      ["-A FORWARD -i br0 -j REJECT --reject-with icmp-port-unreachable", "-A FORWARD -j ACCEPT"],
      ["out 4"],
    ],
    ["addresses", ["-A FORWARD -s 172.16.0.0/24 -j ACCEPT", "-A FORWARD -d 172.16.0.2/32 -j ACCEPT"], []],
    [
      "states",
      [
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -m conntrack --ctstatus DNAT -j ACCEPT",
      ],
      ["out 4"],
    ],
    [
      "ports",
      ["-A FORWARD -p tcp -m tcp --dport 443 -j ACCEPT", "-A FORWARD -p tcp -m multiport --dports 22,80:90 -j ACCEPT"],
      [],
    ],
  ])("findForeignBlocks follows %s", (_, rules, wanted) => {
    expect(stopped([table(...rules)])).toEqual(wanted);
  });

  test("findForeignBlocks says when a rule on the way could not be decided", () => {
    const [block] = findForeignBlocks([table("-A FORWARD -m geoip --source-country XX -j ACCEPT")], OPTIONS);
    expect(block).toMatchObject({ isGuess: true, reason: "policy drop" });
    expect(describeBlock(block!)).toBe(
      // the one that was found
      "another firewall seems to drop connections to the outside of network default (IPv4): chain 'ip filter FORWARD' of iptables-nft, policy drop",
    );
  });

  test("findForeignBlocks passes over a rule of nft that compares with a set by name", () => {
    const rule = (expr: object[]) => ({ rule: { chain: "fwd", expr } });
    const nftables = [
      { chain: { family: "inet", table: "t", name: "fwd", type: "filter", hook: "forward", policy: "drop" } },
      rule([{ match: { op: "==", left: { meta: { key: "iifname" } }, right: "@lan" } }, { accept: null }]),
      rule([
        { match: { op: "in", left: { ct: { key: "state" } }, right: ["established", "related"] } },
        { accept: null },
      ]),
      rule([
        { match: { op: "==", left: { meta: { key: "oifname" } }, right: { set: ["br0", "br1"] } } },
        { accept: null },
      ]),
    ];
    const [block, ...others] = findForeignBlocks(
      [{ tool: "nft", family: "inet", name: "t", chains: parseNftTable({ nftables }) }],
      { ...OPTIONS, networks: [{ ...NETWORK, v6: undefined }] },
    );
    expect(others).toEqual([]);
    expect(block).toMatchObject({
      traffic: "out",
      isGuess: true,
      owner: "other",
      remedy: ["nft insert rule inet t fwd iifname br0 accept"],
    });
  });
});
