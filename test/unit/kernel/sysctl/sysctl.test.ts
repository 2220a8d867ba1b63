import { describe, expect, test } from "vitest";
import { sysctlPath } from "../../../../src/kernel/sysctl/sysctl.ts";

describe("sysctlPath", () => {
  test.each([
    ["net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"],
    ["net/ipv4/ip_forward", "/proc/sys/net/ipv4/ip_forward"],
    ["net/ipv6/conf/eth0.1/accept_ra", "/proc/sys/net/ipv6/conf/eth0.1/accept_ra"],
    ["net.ipv6.conf.eth0/1.accept_ra", "/proc/sys/net/ipv6/conf/eth0.1/accept_ra"],
  ])("sysctlPath finds %s", (key, path) => {
    expect(sysctlPath(key)).toBe(path);
  });

  test.each([
    "",
    ".",
    "..",
    "net/../../etc/passwd",
    "net//ipv4",
    "/etc/passwd",
    "net.ipv4.",
    "net/..",
    "net./.",
    "a\0b",
  ])("sysctlPath refuses %j", (key) => {
    expect(() => sysctlPath(key)).toThrow(expect.objectContaining({ code: "API_REQUEST_INVALID" }));
  });
});
