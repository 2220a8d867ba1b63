import { expect, test } from "vitest";
import { buildIptables, type FirewallModel, IPTABLES_CHAINS, type IptablesTable } from "../../../src/firewall/index.ts";
import { testEndpoint, testNetwork, testPort } from "../../support/firewall-model.ts";

const LAB = testNetwork("lab", 0);
const DB = testNetwork("db", 1, { isInternal: true });
const DMZ = testNetwork("dmz", 2, { isIsolated: true, nat: "snat:192.0.2.7", nat6: "off" });
const WEB = testEndpoint("web", LAB, 2);
const MODEL: FirewallModel = {
  networks: [LAB, DB, DMZ],
  endpoints: [
    WEB,
    testEndpoint("quiet", LAB, 3, { egress: "none" }),
    testEndpoint("sql", DB, 2, { egress: "internal", labels: { tier: "db" } }),
  ],
  ports: [
    testPort(WEB, "0.0.0.0:443:443"),
    testPort(WEB, "8080:80"),
    testPort(WEB, "[::]:443:443"),
    testPort(WEB, "0.0.0.0:5000-5999:5000-5999/udp"),
    testPort(WEB, "192.0.2.2:6000-6001:7000-7001/sctp"),
    testPort(WEB, "dev=up0:53:53/udp"),
  ],
  allows: [{ from: "lab", to: "dmz" }],
  acls: [
    { name: "no-web", action: "deny", from: "container:web", to: "any", protocol: "tcp", ports: ["90", "80-89", "85"] },
    { name: "ping", action: "allow", from: "label:tier=db", to: "cidr:10.0.0.0/8", protocol: "icmp" },
    { name: "names", action: "allow", from: "network:lab", to: "network:db", ports: ["53"] },
  ],
};

function textOf(parts: readonly IptablesTable[]): string {
  return parts
    .flatMap(({ table, chains, hooks }) => [
      `*${table}`,
      ...hooks.map(({ from, chain }) => `-I ${from} -j ${chain}`),
      ...chains.flatMap(({ name, rules }) => rules.map((rule) => `-A ${name} ${rule}`)),
    ])
    .join("\n");
}

test.each([4, 6] as const)("buildIptables makes what the golden file of IPv%s shows", async (family) => {
  const text = `${textOf(buildIptables(MODEL, family))}\n`;
  await expect(text).toMatchFileSnapshot(`../../golden/firewall/everything.iptables${family}`);
});

test("buildIptables has the same chains whatever there is, as they are looked for by name", () => {
  const shape = (parts: readonly IptablesTable[]) =>
    parts.map(({ table, chains, hooks }) => ({ table, hooks, chains: chains.map(({ name }) => name) }));
  expect(shape(buildIptables(MODEL, 4))).toEqual(shape(IPTABLES_CHAINS));
});

test("buildIptables has no more ports in a rule than multiport takes", () => {
  const ports = Array.from({ length: 20 }, (_, n) =>
    n % 2 === 0 ? String(1000 + n * 10) : `${1000 + n * 10}-${1003 + n * 10}`,
  );
  const acls = [{ name: "many", action: "deny", from: "any", to: "any", protocol: "tcp", ports }] as const;
  const chains = buildIptables({ ...MODEL, acls }, 4).flatMap((part) => part.chains);
  const lists = chains
    .find(({ name }) => name === "NETD-BRIDGES")
    ?.rules.flatMap((rule) => /--dports (\S+)/.exec(rule)?.[1] ?? []);
  expect(lists?.map((list) => list.split(/[,:]/).length).filter((count) => count > 15)).toEqual([]);
  expect(lists?.join(",").split(",")).toHaveLength(20);
});
