import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IptablesVariant, must } from "../support/foreign-host.ts";
import { makeRootfs } from "../support/runtime-host.ts";
import { DIST, TestSandbox } from "../support/sandbox.ts";

/** A real dockerd and netd on one host, a sandbox; runc does not find its way in the sandbox's cut of the cgroups, netd-runtime does. */
const hasDocker = spawnSync("sh", ["-c", "command -v docker dockerd containerd"]).status === 0;
const mayBeAbsent = process.env.NETD_REQUIRE_ALL !== "1";

describe.skipIf(!hasDocker && mayBeAbsent).each<IptablesVariant>(["nft", "legacy"])(
  "netd beside dockerd with iptables-%s",
  (variant) => {
    let sandbox: TestSandbox;
    let directory: string;

    /** Start dockerd, with the variant of iptables first in its PATH, and wait until it answers. */
    const startDocker = () =>
      must(
        sandbox,
        `mkdir -p /run/iptables ${directory}/tmp
         for family in iptables ip6tables; do for suffix in '' -save -restore; do
           ln -sf "$(command -v xtables-${variant}-multi)" /run/iptables/$family$suffix
         done; done
         export PATH=/run/iptables:$PATH TMPDIR=${directory}/tmp
         setsid dockerd --data-root ${directory}/data --exec-root /run/docker --pidfile /run/docker.pid \\
           --host unix:///run/docker.sock --storage-driver vfs --log-level error \\
           --add-runtime netd=${DIST}/netd-runtime.cjs --default-runtime netd </dev/null >>${directory}/log 2>&1 &
         pid=$!
         until docker version >/dev/null 2>&1; do kill -0 $pid || { cat ${directory}/log; exit 1; }; sleep 0.1; done`,
      );
    const stopDocker = () =>
      must(sandbox, "pid=$(cat /run/docker.pid); kill $pid; while [ -d /proc/$pid ]; do sleep 0.05; done");

    /** Everything of ours and of docker's. @throws on the first that does not work */
    async function checkAll(): Promise<void> {
      await sandbox.ok("exec", "a", "ping", "-c", "1", "-W", "10", "-q", "b");
      await sandbox.ok("exec", "a", "timeout", "10", "wget", "-qO-", "http://www.example.net/");
      await checkDocker();
    }

    async function checkDocker(): Promise<void> {
      await must(
        sandbox,
        `docker exec web busybox timeout 10 busybox wget -qO- http://203.0.113.80/
         nsenter --net=/run/netns/internet timeout 10 busybox wget -qO- http://198.51.100.2:8080/index.html`,
      );
    }

    beforeAll(async () => {
      sandbox = await TestSandbox.create({ env: { DOCKER_HOST: "unix:///run/docker.sock" } });
      directory = mkdtempSync(join(tmpdir(), "netd-docker-"));
      makeRootfs(join(directory, "busybox"));
      for (const name of ["a", "b"]) await sandbox.ok("run", "-d", "--name", name, "busybox", "sleep", "10000");
    });
    afterAll(async () => {
      await sandbox.sh("docker rm -f web; kill $(cat /run/docker.pid)");
      await sandbox[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    });

    test("both work when docker comes second, when it starts again, and when netd does", async () => {
      await startDocker();
      await must(
        sandbox,
        `echo theirs > ${directory}/busybox/index.html
         tar -C ${directory}/busybox -c . | docker import - busybox:test
         docker run -d --name web --restart always -p 8080:80 busybox:test busybox httpd -f -p 80 -h /`,
      );
      // x_tables tells nobody of a change, and is looked at now and then only.
      await sandbox.ok("drift", "--heal");
      await checkAll();

      await stopDocker();
      await startDocker();
      await must(sandbox, "until docker exec web busybox true 2>/dev/null; do sleep 0.1; done");
      await checkAll();

      await sandbox.kill("netd");
      await sandbox.startNetd();
      await checkAll();
    });

    test("docker goes on when netd is taken down", async () => {
      await must(sandbox, "netd --teardown");
      await checkDocker();
      expect(await must(sandbox, `iptables-${variant}-save 2>/dev/null`)).not.toMatch(/NETD-|netd:/);
    });
  },
);
