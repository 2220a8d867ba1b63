import { describe, expect, test } from "vitest";
import { isInTheWay, type ListenerInfo, pickPorts } from "../../../../src/kernel/index.ts";
import { parsePortList } from "../../../../src/kernel/listener/pick-ports.ts";

function listener(address: string, more: Partial<ListenerInfo> = {}): ListenerInfo {
  const family = address.includes(":") ? "inet6" : "inet";
  return { protocol: "tcp", family, address, port: 80, isV6Only: false, inode: 1, ...more };
}

describe("isInTheWay", () => {
  test.each<[string, string, boolean]>([
    ["0.0.0.0", "192.0.2.1", true],
    ["192.0.2.1", "0.0.0.0", true],
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["0.0.0.0", "::", false],
    ["127.0.0.1", "::1", false],
    ["::", "192.0.2.1", true],
    ["::", "0.0.0.0", true],
    ["::", "2001:db8::1", true],
    ["::1", "::", true],
    ["::1", "2001:db8::1", false],
    ["::1", "127.0.0.1", false],
    ["::ffff:127.0.0.1", "127.0.0.1", true],
    ["::ffff:127.0.0.1", "0.0.0.0", true],
    ["::ffff:127.0.0.1", "127.0.0.2", false],
    ["::ffff:127.0.0.1", "::", false],
    ["::ffff:0.0.0.0", "127.0.0.2", true],
  ])("isInTheWay of a listener on %s for %s is %s", (address, wanted, answer) => {
    expect(isInTheWay(listener(address), { protocol: "tcp", address: wanted, port: 80 })).toBe(answer);
  });

  test("isInTheWay knows sockets for IPv6 only, other protocols, ports of a range, and links", () => {
    const wanted = { protocol: "tcp", address: "0.0.0.0", port: 80 } as const;
    expect(isInTheWay(listener("::", { isV6Only: true }), wanted)).toBe(false);
    expect(isInTheWay(listener("0.0.0.0", { protocol: "udp" }), wanted)).toBe(false);
    expect(isInTheWay(listener("0.0.0.0", { port: 81 }), wanted)).toBe(false);
    expect(isInTheWay(listener("0.0.0.0", { port: 81 }), { ...wanted, count: 2 })).toBe(true);
    expect(isInTheWay(listener("0.0.0.0", { port: 79 }), { ...wanted, count: 2 })).toBe(false);
    expect(isInTheWay(listener("0.0.0.0", { index: 2 }), { ...wanted, index: 3 })).toBe(false);
    expect(isInTheWay(listener("0.0.0.0", { index: 2 }), { ...wanted, index: 2 })).toBe(true);
    expect(isInTheWay(listener("0.0.0.0", { index: 2 }), wanted)).toBe(true);
    expect(isInTheWay(listener("0.0.0.0"), { ...wanted, index: 2 })).toBe(true);
  });
});

describe("pickPorts", () => {
  const range = { first: 100, last: 109, isReserved: (port: number) => port === 104 };

  test("pickPorts begins anywhere, goes round, and passes over what is used or reserved", () => {
    expect(pickPorts({ range, isUsed: () => false, random: () => 0 })).toBe(100);
    expect(pickPorts({ range, isUsed: () => false, random: () => 0.999 })).toBe(109);
    expect(pickPorts({ range, isUsed: (port) => port >= 109, random: () => 0.999 })).toBe(100);
    expect(pickPorts({ range, isUsed: () => false, random: () => 0.4 })).toBe(105);
  });

  test("pickPorts finds ports in a row, or none", () => {
    expect(pickPorts({ range, isUsed: (port) => port === 101, count: 3, random: () => 0 })).toBe(105);
    expect(pickPorts({ range, isUsed: () => false, count: 6, random: () => 0 })).toBeUndefined();
    expect(pickPorts({ range, isUsed: () => true, random: () => 0 })).toBeUndefined();
    expect(pickPorts({ range, isUsed: () => false, count: 11, random: () => 0 })).toBeUndefined();
  });
});

describe("parsePortList", () => {
  test("parsePortList reads what the kernel writes", () => {
    expect(parsePortList("\n")).toEqual([]);
    expect(parsePortList("8080,9148-9150\n")).toEqual([
      [8080, 8080],
      [9148, 9150],
    ]);
  });
});
