/**
 * User namespaces of containers that are made without a daemon.
 *
 * @module
 */
import { chownSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OneShotHost, type TestConfig } from "../../support/one-shot-host.ts";

const RANGE = [{ containerID: 0, hostID: 300_000, size: 1000 }];

let host: OneShotHost;
beforeAll(async () => {
  host = await OneShotHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Give a configuration a user namespace: a new one with mappings, or that of `path`. */
function addUser(path?: string): (config: TestConfig) => void {
  return (config) => {
    const mappings = path === undefined ? { uidMappings: RANGE, gidMappings: RANGE } : {};
    const namespace = { type: "user" as const, ...(path === undefined ? {} : { path }) };
    Object.assign(config.linux, mappings, { namespaces: [namespace, ...config.linux.namespaces] });
  };
}

const SCRIPT = "cat /proc/self/uid_map; id -u; touch /made; stat -c %u /made";

/** The root directory is its own root's. */
function giveAway(bundle: string): string {
  chownSync(join(bundle, "rootfs"), RANGE[0]!.hostID, RANGE[0]!.hostID); // one range
  return bundle;
}

describe("netd-runtime with a user namespace", () => {
  test("run makes its process root inside and nobody outside", () => {
    const bundle = giveAway(host.bundle(["sh", "-c", SCRIPT], addUser()));
    expect(host.must("run", "--bundle", bundle, "mapped").replace(/ +/g, " ")).toBe(" 0 300000 1000\n0\n0\n");
  });

  test("create and start do so too, and exec is root of it", async () => {
    const bundle = giveAway(host.bundle(["sleep", "1000"], addUser()));
    host.must("create", "--bundle", bundle, "created");
    const { pid } = host.state("created");
    const status = () => host.run(["cat", `/proc/${pid}/status`]).stdout;
    expect(status()).toMatch(/^Uid:\t300000\t300000\t/m);
    host.must("start", "created");
    await host.until("created", "running");
    expect(host.must("exec", "created", "sh", "-c", "id -u; readlink /proc/self/ns/user")).toBe(
      `0\n${host.run(["readlink", `/proc/${pid}/ns/user`]).stdout}`,
    );
    host.must("delete", "--force", "created");
    expect(readFileSync("/proc/self/uid_map", "utf8")).toMatch(/4294967295\n$/);
  });

  test("run joins one that is there by its path", () => {
    const first = giveAway(host.bundle(["sleep", "1000"], addUser()));
    host.must("run", "--detach", "--bundle", first, "first");
    const { pid } = host.state("first");
    const second = giveAway(
      host.bundle(["sh", "-c", `${SCRIPT}; readlink /proc/self/ns/user`], addUser(`/proc/${pid}/ns/user`)),
    );
    const said = host.must("run", "--bundle", second, "second").replace(/ +/g, " ");
    expect(said).toBe(` 0 300000 1000\n0\n0\n${host.run(["readlink", `/proc/${pid}/ns/user`]).stdout}`);
    host.must("delete", "--force", "first");
  });
});
