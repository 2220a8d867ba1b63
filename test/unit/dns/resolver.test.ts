import { expect, test } from "vitest";
import { withoutOwn } from "../../../src/dns/resolver.ts";

test("withoutOwn leaves out our own addresses and those that mean any", () => {
  const upstreams = ["10.0.0.1", "10.0.1.1", "0.0.0.0", "::", "192.0.2.1", "fd00::1"];
  expect(withoutOwn(upstreams, ["10.0.0.1", "10.0.1.1"])).toEqual(["192.0.2.1", "fd00::1"]);
});
