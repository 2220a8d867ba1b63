import { expect, test } from "vitest";
import type { ContainerSpec } from "../../../src/api/index.ts";
import { checkContainerSpec } from "../../../src/netd/container-spec.ts";

test.each<Partial<ContainerSpec>>([
  {},
  { hostname: "web-1.example.net" },
  { hostname: "a".repeat(63) },
  { env: ["A=", "A=b=c", "a.b=c", "A=é\n"] },
  { workdir: "/" },
  { extraHosts: [{ name: "db", address: "::1" }] },
  { dns: ["203.0.113.53", "2001:db8::1"] },
  { capAdd: ["ALL"], capDrop: ["net_raw"] },
])("checkContainerSpec takes %j", (spec) => {
  expect(() => checkContainerSpec({ image: "busybox", ...spec })).not.toThrowError();
});

test.each<[spec: Partial<ContainerSpec>, code: string, named: string]>([
  [{ hostname: "" }, "API_REQUEST_INVALID", "hostname ''"],
  [{ hostname: "a b" }, "API_REQUEST_INVALID", "hostname 'a b'"],
  [{ hostname: "web\n172.16.0.9 db" }, "API_REQUEST_INVALID", "hostname"],
  [{ hostname: "web\n" }, "API_REQUEST_INVALID", "hostname"],
  [{ hostname: "-web" }, "API_REQUEST_INVALID", "hostname '-web'"],
  [{ hostname: "web-" }, "API_REQUEST_INVALID", "hostname 'web-'"],
  [{ hostname: "a..b" }, "API_REQUEST_INVALID", "hostname 'a..b'"],
  [{ hostname: "a".repeat(64) }, "API_REQUEST_INVALID", "hostname"],
  [{ env: ["A"] }, "API_REQUEST_INVALID", "environment entry 'A'"],
  [{ env: ["=b"] }, "API_REQUEST_INVALID", "environment entry '=b'"],
  [{ env: [""] }, "API_REQUEST_INVALID", "environment entry ''"],
  [{ env: ["A=b\0C=d"] }, "API_REQUEST_INVALID", "zero byte"],
  [{ command: ["sh", "a\0b"] }, "API_REQUEST_INVALID", "zero byte"],
  [{ workdir: "srv" }, "API_REQUEST_INVALID", "working directory 'srv'"],
  [{ extraHosts: [{ name: "d b", address: "::1" }] }, "API_REQUEST_INVALID", "extra host 'd b'"],
  [{ extraHosts: [{ name: "db\n1.2.3.4 x", address: "::1" }] }, "API_REQUEST_INVALID", "extra host"],
  [{ extraHosts: [{ name: "db", address: "1.2.3" }] }, "ADDRESS_INVALID", "'1.2.3'"],
  [{ extraHosts: [{ name: "db", address: "::1\n" }] }, "ADDRESS_INVALID", "::1"],
  [{ dns: ["example.net"] }, "ADDRESS_INVALID", "'example.net'"],
  [{ dns: ["203.0.113.53 "] }, "ADDRESS_INVALID", "'203.0.113.53 '"],
  [{ capAdd: ["GOD_MODE"] }, "API_REQUEST_INVALID", "'GOD_MODE'"],
  [{ capDrop: ["GOD_MODE"] }, "API_REQUEST_INVALID", "'GOD_MODE'"],
])("checkContainerSpec refuses %j with %s", (spec, code, named) => {
  expect(() => checkContainerSpec({ image: "busybox", ...spec })).toThrowError(
    expect.objectContaining({ code, message: expect.stringContaining(named), remedy: expect.any(String) }),
  );
});
