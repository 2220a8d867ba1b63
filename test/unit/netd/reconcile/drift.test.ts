import fc from "fast-check";
import { expect, test } from "vitest";
import type { NetworkStep } from "../../../../src/kernel/index.ts";
import { type DesiredPart, planDrift, stepsOf } from "../../../../src/netd/reconcile/drift.ts";
import { NO_FACTS } from "../../../../src/netd/reconcile/facts.ts";
import { KernelModel } from "../../../support/kernel-model.ts";

const INSTANCE = "0a1b2c3d";

/** What makes network `n` on an empty host. */
function networkPart(n: number): DesiredPart {
  const bridge = `br${n}`;
  return {
    network: `net${n}`,
    steps: [
      { op: "link.addBridge", name: bridge, mac: `02:42:0a:00:0${n}:01`, mtu: 1500, alias: `netd:${INSTANCE}:bridge` },
      { op: "address.add", link: bridge, address: `10.0.${n}.1/24` },
      { op: "address.add", link: bridge, address: `fd00:0:0:${n}::1/64`, nodad: true },
      { op: "link.set", name: bridge, up: true },
    ],
  };
}

/** What joins container `c` to network `n` on a host that has the network. */
function endpointPart(c: number, n: number): DesiredPart {
  const netns = `c${c}`;
  const host = `ve000000000${c}-${n}`;
  const peer = `eth${n}`;
  const mac = `02:42:0a:00:0${n}:1${c}`;
  return {
    network: `net${n}`,
    container: netns,
    steps: [
      { op: "netns.add", name: netns },
      {
        op: "link.addVeth",
        host,
        hostAlias: `netd:${INSTANCE}:c${c}`,
        bridge: `br${n}`,
        peer,
        peerNetns: netns,
        peerMac: mac,
        mtu: 1500,
      },
      { op: "sysctl.set", key: `net/ipv6/conf/${host}/disable_ipv6`, value: "1", ifPresent: true },
      ...(n === 1 ? [{ op: "port.set", name: host, isolated: true } as const] : []),
      { op: "sysctl.set", netns, key: `net/ipv6/conf/${peer}/disable_ipv6`, value: "0" },
      { op: "link.set", name: host, up: true },
      { op: "address.add", netns, link: peer, address: `10.0.${n}.1${c}/24` },
      { op: "address.add", netns, link: peer, address: `fd00:0:0:${n}::1${c}/64`, nodad: true },
      { op: "link.set", netns, name: peer, up: true },
      ...(n === 0 ? [{ op: "route.add", netns, to: "default", via: "10.0.0.1", dev: peer } as const] : []),
      { op: "arp.announce", netns, link: peer, address: `10.0.${n}.1${c}`, mac, port: host },
    ],
  };
}

const HOST_PART: DesiredPart = { steps: [{ op: "sysctl.set", key: "net/ipv4/ip_forward", value: "1" }] };

/** A host on which everything is as wanted. */
function makeHost(networks: number, containers: number) {
  const parts = [
    HOST_PART,
    ...range(networks).map(networkPart),
    ...range(containers).flatMap((c) => range(networks).map((n) => endpointPart(c, n))),
  ];
  const kernel = new KernelModel(range(containers).map((c) => `c${c}`));
  for (const step of parts.flatMap(({ steps }) => steps)) kernel.apply(step);
  return { parts, kernel };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** A stranger's deed, chosen among what there is. */
const DAMAGE = fc.record({
  kind: fc.constantFrom("delete", "down", "nomaster", "mtu", "address", "route", "mac", "sysctl", "inside", "isolated"),
  pick: fc.nat(1000),
  other: fc.nat(1000),
});

function damage(kernel: KernelModel, { kind, pick, other }: { kind: string; pick: number; other: number }): void {
  const { hostLinks } = kernel;
  const name = hostLinks[pick % Math.max(1, hostLinks.length)];
  const inside = [...kernel.facts.namespaces.keys()][other % Math.max(1, kernel.facts.namespaces.size)];
  if (kind === "sysctl") {
    kernel.apply({ op: "sysctl.set", key: "net/ipv4/ip_forward", value: "0" });
    return;
  }
  if (kind === "inside" || kind === "route") {
    if (inside === undefined) return;
    const place = kernel.place(inside);
    const link = [...place.links.keys()][pick % Math.max(1, place.links.size)];
    if (kind === "route") place.routes = [];
    else if (link !== undefined) {
      kernel.apply(
        other % 2 === 0
          ? { op: "link.set", netns: inside, name: link, up: false }
          : { op: "link.set", netns: inside, name: link, mac: "02:00:00:00:00:01", mtu: 1300 },
      );
      if (other % 3 === 0) place.addresses.delete(link);
    }
    return;
  }
  if (name === undefined) return;
  const deeds: Record<string, NetworkStep> = {
    delete: { op: "link.delete", name },
    down: { op: "link.set", name, up: false },
    nomaster: { op: "link.set", name, master: null },
    mtu: { op: "link.set", name, mtu: 1400 },
    mac: { op: "link.set", name, mac: "02:00:00:00:00:02" },
    isolated: { op: "port.set", name, isolated: false },
    address: { op: "address.delete", link: name, address: kernel.facts.addresses.get(name)?.[other % 2] ?? "" },
  };
  const deed = deeds[kind];
  // The MAC of a host end is the kernel's own choice.
  if (deed !== undefined && !(kind === "mac" && name.startsWith("ve"))) kernel.apply(deed);
}

test("planDrift finds nothing where everything is as wanted", () => {
  const { parts, kernel } = makeHost(2, 2);
  expect(planDrift(parts, kernel.facts)).toEqual([]);
});

test("planDrift of an empty host gives the plans themselves", () => {
  const { parts } = makeHost(2, 1);
  const rules: NetworkStep[] = [{ op: "nft.replaceTable", family: "inet", name: "netd", body: "" }];
  const wanted = parts.flatMap(({ steps }) => steps).filter(({ op }) => op !== "netns.add" && op !== "sysctl.set");
  const found = stepsOf(planDrift([...parts, { steps: rules }], NO_FACTS)).filter(({ op }) => op !== "sysctl.set");
  expect(found).toEqual(wanted);
});

test("planDrift gives steps that mend whatever was done to a host", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.nat(4),
      fc.array(DAMAGE, { maxLength: 12 }),
      (networks, containers, deeds) => {
        const { parts, kernel } = makeHost(networks, containers);
        for (const deed of deeds) damage(kernel, deed);
        for (const step of stepsOf(planDrift(parts, kernel.facts))) kernel.apply(step);
        expect(planDrift(parts, kernel.facts)).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

test("planDrift mends, without a look inside, what can be seen from the host", () => {
  fc.assert(
    fc.property(fc.array(DAMAGE, { maxLength: 8 }), (deeds) => {
      const { parts, kernel } = makeHost(2, 3);
      for (const deed of deeds) if (deed.kind !== "inside" && deed.kind !== "route") damage(kernel, deed);
      const shallow = { ...kernel.facts, namespaces: new Map() };
      for (const step of stepsOf(planDrift(parts, shallow))) kernel.apply(step);
      expect(planDrift(parts, kernel.facts)).toEqual([]);
    }),
  );
});

test("planDrift tells in words what a stranger did", () => {
  const { parts, kernel } = makeHost(1, 1);
  kernel.apply({ op: "link.set", name: "ve0000000000-0", master: null, up: false });
  kernel.apply({ op: "address.delete", link: "br0", address: "10.0.0.1/24" });
  kernel.apply({ op: "sysctl.set", key: "net/ipv4/ip_forward", value: "0" });
  expect(planDrift(parts, kernel.facts)).toEqual([
    {
      kind: "changed",
      object: "sysctl net/ipv4/ip_forward",
      text: "it is 0, 1 wanted",
      steps: [{ op: "sysctl.set", key: "net/ipv4/ip_forward", value: "1" }],
    },
    {
      kind: "missing",
      object: "bridge br0",
      network: "net0",
      text: "its address 10.0.0.1/24 is gone",
      steps: [{ op: "address.add", link: "br0", address: "10.0.0.1/24" }],
    },
    {
      kind: "changed",
      object: "veth ve0000000000-0",
      network: "net0",
      container: "c0",
      text: "it is a port of no bridge, of br0 wanted; it is down, up wanted",
      steps: [
        { op: "link.set", name: "ve0000000000-0", master: "br0" },
        { op: "link.set", name: "ve0000000000-0", up: true },
      ],
    },
  ]);
});

test("planDrift leaves a stranger's bridge of our name alone, and joins nothing of ours to it", () => {
  const { parts, kernel } = makeHost(1, 2);
  kernel.apply({ op: "link.delete", name: "br0" });
  kernel.apply({ op: "link.addBridge", name: "br0", mac: "02:00:00:00:00:03" });
  const found = planDrift(parts, kernel.facts);
  expect(found).toMatchObject([{ kind: "foreign", object: "bridge br0", text: "somebody else's bridge has its name" }]);
  expect(stepsOf(found)).toEqual([]);
});

test("planDrift leaves a stranger's link of a host end's name alone", () => {
  const { parts, kernel } = makeHost(1, 1);
  kernel.apply({ op: "link.delete", name: "ve0000000000-0" });
  kernel.apply({ op: "link.addBridge", name: "ve0000000000-0", mac: "02:00:00:00:00:03" });
  expect(planDrift(parts, kernel.facts)).toMatchObject([{ kind: "foreign", object: "veth ve0000000000-0", steps: [] }]);
});

test("planDrift wants of an adopted bridge only our address, and does not make it", () => {
  const [bridge, ...rest] = networkPart(0).steps;
  const part: DesiredPart = { steps: [bridge!, ...rest], isAdopted: true };
  const kernel = new KernelModel([]);
  kernel.apply({ op: "link.addBridge", name: "br0", mac: "02:00:00:00:00:03", mtu: 9000, alias: "mine" });
  kernel.apply({ op: "link.set", name: "br0", up: true });
  kernel.apply({ op: "address.add", link: "br0", address: "10.0.0.1/24" });
  expect(planDrift([part], kernel.facts)).toMatchObject([{ text: "its address fd00:0:0:0::1/64 is gone" }]);
  expect(planDrift([part], NO_FACTS)).toMatchObject([{ text: "it is gone, and was not netd's to make", steps: [] }]);
});

test("planDrift tells of a namespace that is gone, and can't mend it", () => {
  const { parts, kernel } = makeHost(1, 1);
  const facts = { ...kernel.facts, links: new Map(), namespaces: new Map([["c0", undefined]]) };
  expect(planDrift(parts.slice(2), facts)).toMatchObject([{ object: "namespace c0", container: "c0", steps: [] }]);
});

test("planDrift makes an ifb anew that is gone, and leads to it again what led nowhere", () => {
  const ifb = { op: "link.addIfb", name: "if0", alias: `netd:${INSTANCE}:c0`, up: true } as const;
  const rate = { op: "rate.set", link: "if0", bitsPerSecond: 8e6 } as const;
  const redirect = { op: "ingress.redirect", link: "ve0", to: "if0" } as const;
  const veth: NetworkStep = { op: "link.addVeth", host: "ve0", peer: "eth0" };
  const part: DesiredPart = { steps: [veth, ifb, rate, redirect] };
  const linkOf = (name: string, kind: string) =>
    [name, { index: 1, name, kind, mtu: 1500, isUp: true, operState: "up" }] as const;
  const [pair, block] = [linkOf("ve0", "veth"), linkOf("if0", "ifb")];
  const mend = (...links: (typeof pair)[]) => stepsOf(planDrift([part], { ...NO_FACTS, links: new Map(links) }));
  expect(mend(pair, block)).toEqual([]);
  expect(mend(pair)).toEqual([ifb, rate, { op: "ingress.delete", link: "ve0" }, redirect]);
  expect(mend(block)).toEqual([veth, redirect]);
  expect(mend()).toEqual([veth, ifb, rate, redirect]);
});

test("planDrift puts back rates and redirections of links that are there, once queues were looked at", () => {
  const held: NetworkStep = { op: "rate.set", link: "veA", bitsPerSecond: 8_000_000 };
  const led: NetworkStep = { op: "ingress.redirect", link: "veA", to: "ifA" };
  const links = new Map([
    ["veA", { index: 7, name: "veA", kind: "veth", isUp: true, mtu: 1500 }],
    ["ifA", { index: 8, name: "ifA", kind: "ifb", isUp: true, mtu: 1500 }],
  ] as const);
  const facts = { ...NO_FACTS, links } as unknown as typeof NO_FACTS;
  const mend = (...queues: [number, { rate?: number; hasIngress: boolean }][]) =>
    stepsOf(planDrift([{ steps: [held, led] }], { ...facts, queues: new Map(queues) }));
  expect(planDrift([{ steps: [held, led] }], facts)).toEqual([]);
  expect(mend()).toEqual([held, led]);
  expect(mend([7, { rate: 999, hasIngress: true }])).toEqual([held]);
  expect(mend([7, { rate: 1_000_000, hasIngress: false }])).toEqual([led]);
  expect(mend([7, { rate: 1_000_000, hasIngress: true }])).toEqual([]);
});
