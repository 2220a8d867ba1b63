import { describe, expect, test } from "vitest";
import { planRates, planRatesEnd, type RatePlace } from "../../../../src/netd/endpoint/rate-plan.ts";

const PLACE: RatePlace = {
  ...{ containerId: "c".repeat(64), netns: "web", interface: "eth1", hostInterface: "vecccccccccc-1", instance: "i1" },
};
const MACVLAN: RatePlace = { ...PLACE, macvlanMode: "bridge" };
const IFB = { name: "ifcccccccccc-1", alias: `netd:i1:${"c".repeat(64)}`, up: true };

describe("planRates", () => {
  test("planRates plans nothing without limits, and for limits that stay", () => {
    expect(planRates(PLACE, {}, {})).toEqual([]);
    expect(planRates(PLACE, { rateInBps: 8e6, rateOutBps: 9e6 }, { rateInBps: 8e6, rateOutBps: 9e6 })).toEqual([]);
  });

  test("planRates holds what a container receives at the host end, and what it sends at an ifb, which is ready before it is used", () => {
    expect(planRates(PLACE, {}, { rateInBps: 8e6, rateOutBps: 9e6 })).toEqual([
      { op: "rate.set", link: "vecccccccccc-1", bitsPerSecond: 8e6 },
      { op: "link.addIfb", ...IFB },
      { op: "rate.set", link: "ifcccccccccc-1", bitsPerSecond: 9e6 },
      { op: "ingress.redirect", link: "vecccccccccc-1", to: "ifcccccccccc-1" },
    ]);
  });

  test("planRates changes limits in place, and ends them with what they needed", () => {
    const both = { rateInBps: 8e6, rateOutBps: 9e6 };
    expect(planRates(PLACE, both, { rateInBps: 7e6, rateOutBps: 6e6 })).toEqual([
      { op: "rate.set", link: "vecccccccccc-1", bitsPerSecond: 7e6 },
      { op: "rate.set", link: "ifcccccccccc-1", bitsPerSecond: 6e6 },
    ]);
    expect(planRates(PLACE, both, {})).toEqual([
      { op: "rate.delete", link: "vecccccccccc-1" },
      { op: "ingress.delete", link: "vecccccccccc-1" },
      { op: "link.delete", name: "ifcccccccccc-1" },
    ]);
  });

  test("planRates works inside the container in a macvlan network, the other way round", () => {
    expect(planRates(MACVLAN, {}, { rateInBps: 8e6, rateOutBps: 9e6 })).toEqual([
      { op: "rate.set", netns: "web", link: "eth1", bitsPerSecond: 9e6 },
      { op: "link.addIfb", netns: "web", ...IFB, name: "if-eth1" },
      { op: "rate.set", netns: "web", link: "if-eth1", bitsPerSecond: 8e6 },
      { op: "ingress.redirect", netns: "web", link: "eth1", to: "if-eth1" },
    ]);
  });
});

describe("planRatesEnd", () => {
  test("planRatesEnd removes what would stay on the host", () => {
    expect(planRatesEnd(PLACE, { rateOutBps: 9e6 })).toEqual([{ op: "link.delete", name: "ifcccccccccc-1" }]);
    expect(planRatesEnd(PLACE, { rateInBps: 9e6 })).toEqual([]);
    expect(planRatesEnd(MACVLAN, { rateOutBps: 9e6 })).toEqual([]);
  });
});
