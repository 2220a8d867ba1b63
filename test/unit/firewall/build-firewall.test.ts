import { expect, test } from "vitest";
import {
  buildFirewall,
  type FirewallModel,
  linkLocalAddress,
  planDifference,
  replaceCommands,
} from "../../../src/firewall/index.ts";
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
    testEndpoint("mail", DMZ, 2),
  ],
  ports: [
    testPort(WEB, "8080:80"),
    testPort(WEB, "0.0.0.0:443:443"),
    testPort(WEB, "[::]:443:443"),
    testPort(WEB, "0.0.0.0:5000-5999:5000-5999/udp"),
    testPort(WEB, "192.0.2.2:6000-6002:7000-7002/sctp"),
    testPort(WEB, "dev=up0:53:53/udp"),
  ],
  allows: [{ from: "lab", to: "dmz" }],
  acls: [
    { name: "no-web", action: "deny", from: "container:web", to: "any", protocol: "tcp", ports: ["90", "80-89", "85"] },
    { name: "ping", action: "allow", from: "label:tier=db", to: "cidr:10.0.0.0/8", protocol: "icmp" },
    { name: "names", action: "allow", from: "network:lab", to: "network:db", ports: ["53"] },
  ],
};

/** Lines that hold rules or belong to one. */
function rulesOf(model: FirewallModel): string[] {
  return buildFirewall(model).tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules));
}

test("buildFirewall makes what the golden file shows", async () => {
  const text = `${replaceCommands(buildFirewall(MODEL)).join("\n")}\n`;
  await expect(text).toMatchFileSnapshot("../../golden/firewall/everything.nft");
});

test("buildFirewall makes no more rules for more networks, containers and ports", () => {
  const empty: FirewallModel = { networks: [], endpoints: [], ports: [], allows: [], acls: [] };
  const { networks, endpoints, ports, allows } = MODEL;
  const isLoud = ({ egress }: { egress: string }): boolean => egress !== "none";
  expect(rulesOf({ ...empty, networks, ports, allows, endpoints: endpoints.filter(isLoud) })).toEqual(rulesOf(empty));
});

test("buildFirewall makes one element of a range that keeps its numbers, and one for each port of one that does not", () => {
  const elements = buildFirewall(MODEL).elements.get("web") ?? [];
  expect(elements.filter(({ set }) => set === "ranges4").map(({ key }) => key)).toEqual([
    "0.0.0.0/0 . udp . 5000-5999",
  ]);
  expect(elements.filter(({ key }) => key.includes("sctp"))).toHaveLength(3);
});

test("buildFirewall gives each element the container that it goes with", () => {
  const { elements } = buildFirewall(MODEL);
  expect([...elements.keys()]).toEqual(["", "web", "quiet", "sql", "mail"]);
  expect(elements.get("")?.some(({ family }) => family === "bridge")).toBe(false);
});

test("planDifference of two states undoes what it does", () => {
  const before = buildFirewall(MODEL);
  const after = buildFirewall({ ...MODEL, acls: [], ports: [] });
  const flat = ({ elements }: typeof before) => [...elements.values()].flat();
  const there = planDifference({
    tables: { before: before.tables, after: after.tables },
    before: flat(before),
    after: flat(after),
  });
  const back = planDifference({
    tables: { before: after.tables, after: before.tables },
    before: flat(after),
    after: flat(before),
  });
  expect(there.undo).toEqual(back.commands);
  expect(there.commands).toContain("delete set bridge netd acl_no-web_from4");
  expect(back.commands.indexOf("add set inet netd acl_ping_from4 { type ipv4_addr; }")).toBeGreaterThanOrEqual(0);
});

test("planDifference replaces an element whose data differs", () => {
  const element = { family: "inet", set: "ports4", key: "127.0.0.1 . tcp . 80" } as const;
  const { commands } = planDifference({
    before: [{ ...element, data: "172.16.0.2 . 80" }],
    after: [{ ...element, data: "172.16.0.3 . 80" }],
  });
  expect(commands).toEqual([
    "delete element inet netd ports4 { 127.0.0.1 . tcp . 80 }",
    "add element inet netd ports4 { 127.0.0.1 . tcp . 80 : 172.16.0.3 . 80 }",
  ]);
});

test("linkLocalAddress turns the universal bit of a MAC (RFC 4291, appendix A)", () => {
  expect(linkLocalAddress("02:42:ac:10:00:02")).toBe("fe80::42:acff:fe10:2");
});
