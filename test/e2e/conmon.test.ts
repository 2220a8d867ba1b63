import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { OneShotHost } from "../support/one-shot-host.ts";

const RUNTIME = resolve(import.meta.dirname, "../../dist/netd-runtime.cjs");
const hasConmon = spawnSync("conmon", ["--version"]).status === 0;
const mayBeAbsent = process.env.NETD_REQUIRE_ALL !== "1";

describe.skipIf(!hasConmon && mayBeAbsent)("conmon with netd-runtime", () => {
  test.each([[[]], [["--terminal"]]])(
    "conmon %j creates a container, logs it and writes its exit code",
    async (flags) => {
      await using host = await OneShotHost.create();
      const isTerminal = flags.length > 0;
      const bundle = host.bundle(["sh", "-c", "test -t 1; echo terminal $?; exit 9"], (config) => {
        config.process.terminal = isTerminal;
      });
      for (const name of ["exits", "sockets"]) mkdirSync(join(host.directory, name));
      const at = (name: string): string => join(host.directory, name);
      const { code, stderr } = host.run([
        ...["conmon", "--api-version", "1", "--cid", "c", "--cuuid", "c", "--name", "c", "--bundle", bundle],
        ...["--runtime", RUNTIME, "--runtime-arg", "--root", "--runtime-arg", host.root],
        ...["--container-pidfile", at("pid"), "--conmon-pidfile", at("conmon-pid"), "--exit-dir", at("exits")],
        ...["--socket-dir-path", at("sockets"), "--log-path", `k8s-file:${at("log")}`, ...flags],
      ]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      // conmon goes to the background before the container is there.
      while (!existsSync(host.root) || !host.must("list").includes("created")) await rest();
      host.must("start", "c");
      while (!existsSync(at("exits/c"))) await rest();
      expect(readFileSync(at("exits/c"), "utf8")).toBe("9");
      expect(readFileSync(at("log"), "utf8")).toMatch(
        isTerminal ? / stdout F terminal 0\r?\n/ : / stdout F terminal 1\n/,
      );
      host.must("delete", "c");
    },
  );
});

function rest(): Promise<void> {
  return new Promise((done) => setTimeout(done, 20));
}
