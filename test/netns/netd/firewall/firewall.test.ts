import { expect, test } from "vitest";
import { KernelSession, withNetns } from "../../../../src/kernel/index.ts";
import { Firewall, isInOrder } from "../../../../src/netd/firewall/index.ts";
import { testContainer, testEndpoint, testNetwork } from "../../../support/firewall-model.ts";
import { TestNetns } from "../../../support/netns.ts";

const LAB = testNetwork("lab", 1);
const DMZ = testNetwork("dmz", 2, { isIsolated: true, nat: "snat:192.0.2.7" });
const NOTHING = { endpoints: [], ports: [] };
const POLICY = { networks: [LAB, DMZ], allows: [], acls: [] };

/** Numbers from 0 to below 1, the same in each run. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Some container, with what it may have. */
function someContainer(number: number, random: () => number) {
  const egress = (["all", "all", "internal", "none"] as const)[Math.floor(random() * 4)] ?? "all";
  const endpoint = testEndpoint(`c${number}`, random() < 0.5 ? LAB : DMZ, number + 2, { egress });
  const first = 20_000 + number * 100;
  const ports = [
    `10.0.0.1:${first}:80`,
    `0.0.0.0:${first + 1}:80/udp`,
    `[::]:${first + 2}:80/sctp`,
    `0.0.0.0:${first + 10}-${first + 19}:${first + 10}-${first + 19}`,
    `10.0.0.1:${first + 20}-${first + 22}:1-3`,
    `dev=up0:${first + 30}:80`,
  ];
  return testContainer(endpoint, ...ports.filter(() => random() < 0.5));
}

test("Firewall leaves the kernel with exactly what is wanted after each of 120 random attaches, publishes and detaches", async () => {
  await using netns = TestNetns.create();
  withNetns(netns.name, () => {
    using session = new KernelSession();
    const firewall = new Firewall({ session, journal: () => {} });
    firewall.load(POLICY, []);
    const random = makeRandom(7);
    for (let n = 0; n < 120; n++) {
      const number = Math.floor(random() * 12);
      firewall.setContainer(`c${number}`, random() < 0.3 ? NOTHING : someContainer(number, random));
      expect(firewall.inspect(), `after change ${n}`).toEqual({ gone: [], changed: [], missing: [], foreign: [] });
    }
    for (let number = 0; number < 12; number++) firewall.setContainer(`c${number}`, NOTHING);
  });
  const left = netns.run("nft", "list", "ruleset");
  expect(left).not.toMatch(/ve-c|172\.16\.\d+\.\d+ \. \d/);
});

test("Firewall heals what a stranger removed and added, and loads nothing where all is in order", async () => {
  await using netns = TestNetns.create();
  withNetns(netns.name, () => {
    using session = new KernelSession();
    const steps: string[] = [];
    const journal = ({ phase, step }: { phase: string; step: { op: string } }): void => {
      if (phase === "applied") steps.push(step.op);
    };
    const container = testContainer(testEndpoint("web", LAB, 2), "10.0.0.1:80:80");
    new Firewall({ session, journal }).load(POLICY, [["web", container]]);
    expect(steps.splice(0)).toEqual(["nft.apply"]);
    const firewall = new Firewall({ session, journal });
    firewall.load(POLICY, [["web", container]]);
    expect(steps).toEqual([]);

    netns.run("nft", "delete element inet netd ports4 { 10.0.0.1 . tcp . 80 }; add element bridge netd ports { eve }");
    expect(firewall.heal()).toMatchObject({
      gone: [],
      changed: [],
      missing: [{ set: "ports4" }],
      foreign: [{ key: "eve" }],
    });
    netns.run("nft", "flush chain inet netd ours");
    expect(firewall.heal()).toMatchObject({ changed: ["inet"] });
    netns.run("nft", "flush ruleset");
    expect(firewall.heal()).toMatchObject({ gone: ["inet", "bridge"] });
    expect(isInOrder(firewall.inspect())).toBe(true);
  });
});

test("Firewall.setContainer puts all back when it meets a kernel that a stranger emptied", async () => {
  await using netns = TestNetns.create();
  withNetns(netns.name, () => {
    using session = new KernelSession();
    const firewall = new Firewall({ session, journal: () => {} });
    firewall.load(POLICY, [["web", testContainer(testEndpoint("web", LAB, 2))]]);
    netns.run("nft", "flush ruleset");
    firewall.setContainer("sql", testContainer(testEndpoint("sql", DMZ, 3)));
    expect(isInOrder(firewall.inspect())).toBe(true);
  });
});

test("Firewall changes nothing when the kernel refuses", async () => {
  await using netns = TestNetns.create();
  withNetns(netns.name, () => {
    using session = new KernelSession();
    const firewall = new Firewall({ session, journal: () => {} });
    firewall.load(POLICY, [["web", testContainer(testEndpoint("web", LAB, 2), "10.0.0.1:80:80")]]);
    const thief = testContainer(testEndpoint("thief", LAB, 3), "10.0.0.1:80:80");
    expect(() => firewall.setContainer("thief", thief)).toThrow(expect.objectContaining({ code: "NFT_FAILED" }));
    expect(isInOrder(firewall.inspect())).toBe(true);
    expect(firewall.containerState("thief")).toEqual(NOTHING);
  });
});

test.each(["iptables", "iptables-legacy"] as const)(
  "Firewall by %s leaves the kernel with exactly what is wanted, changes nothing when it refuses, and loads nothing where all is in order",
  async (backend) => {
    await using netns = TestNetns.create();
    withNetns(netns.name, () => {
      using session = new KernelSession();
      const steps: string[] = [];
      const journal = ({ phase, step }: { phase: string; step: { op: string } }): void => {
        if (phase === "applied") steps.push(step.op);
      };
      const firewall = new Firewall({ session, journal, backend });
      firewall.load(POLICY, []);
      const random = makeRandom(11);
      for (let n = 0; n < 12; n++) {
        firewall.setContainer(`c${n % 4}`, random() < 0.3 ? NOTHING : someContainer(n % 4, random));
        expect(firewall.inspect(), `after change ${n}`).toEqual({ gone: [], changed: [], missing: [], foreign: [] });
      }
      const odd = { ...DMZ, nat: "snat:nowhere" };
      expect(() => firewall.setNetworks([odd], [], [])).toThrow(expect.objectContaining({ code: "IPTABLES_FAILED" }));
      expect(isInOrder(firewall.inspect())).toBe(true);

      steps.length = 0;
      const { policy } = firewall;
      const containers = ["c0", "c1", "c2", "c3"].map((id) => [id, firewall.containerState(id)] as const);
      new Firewall({ session, journal, backend }).load(
        policy,
        containers.filter(([, { endpoints }]) => endpoints.length > 0),
      );
      expect(steps).toEqual([]);
    });
  },
);
