import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseNameservers, ResolvConf } from "../../../src/dns/resolv-conf.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "netd-resolv-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test.each([
  ["nameserver 10.0.0.1\nnameserver 10.0.0.2\n", ["10.0.0.1", "10.0.0.2"]],
  ["# nameserver 10.0.0.1\n; nameserver 10.0.0.2\nsearch a b\n", []],
  ["  nameserver\t10.0.0.1   # mine\r\nnameserver 10.0.0.1", ["10.0.0.1"]],
  ["nameserver fe80::1%eth0\nnameserver 2001:db8::1", ["fe80::1%eth0", "2001:db8::1"]],
  ["nameserver\nnameserver example.net\nnameserver 1.2.3\nnameservers 10.0.0.1\n", []],
  ["", []],
])("parseNameservers of %j is %j", (text, expected) => {
  expect(parseNameservers(text)).toEqual(expected);
});

test("ResolvConf.servers follows the file when it is written, replaced and taken away", () => {
  const path = join(directory, "resolv.conf");
  const conf = new ResolvConf(path, { behindStub: join(directory, "none") });
  expect(conf.servers()).toEqual([]);
  writeFileSync(path, "nameserver 10.0.0.1\n");
  expect(conf.servers()).toEqual(["10.0.0.1"]);
  writeFileSync(`${path}.new`, "nameserver 10.0.0.2\n");
  renameSync(`${path}.new`, path);
  expect(conf.servers()).toEqual(["10.0.0.2"]);
  rmSync(path);
  expect(conf.servers()).toEqual(["10.0.0.2"]);
  writeFileSync(path, "nameserver 10.0.0.3\n");
  expect(conf.servers()).toEqual(["10.0.0.3"]);
});

test("ResolvConf.servers looks behind the stub of systemd-resolved, when there is something", () => {
  const path = join(directory, "resolv.conf");
  const behindStub = join(directory, "behind");
  writeFileSync(path, "nameserver 127.0.0.53\noptions edns0\n");
  const conf = new ResolvConf(path, { behindStub });
  expect(conf.servers()).toEqual(["127.0.0.53"]);
  writeFileSync(behindStub, "nameserver 192.0.2.1\n");
  expect(conf.servers()).toEqual(["192.0.2.1"]);
  writeFileSync(path, "nameserver 127.0.0.53\nnameserver 10.0.0.1\n");
  expect(conf.servers()).toEqual(["127.0.0.53", "10.0.0.1"]);
});
