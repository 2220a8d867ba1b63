import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StartParams } from "../../../src/runtime/index.ts";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream } from "../../support/stream-result.ts";

/** What a program sees of its isolation; the same for the same container, however it was made. */
const PROBE = `
echo "pid $$, in $(pwd), umask $(umask), host $(hostname)"
grep -E '^(Cap|NoNewPrivs|SigBlk|SigIgn|Uid|Gid|Groups)' /proc/self/status
cut -d ' ' -f 2,3 /proc/mounts
grep -oE '^[^ ]+ [^ ]+ [^ ]+ (ro|rw)|^[^ ]+' /proc/mounts | cut -d ' ' -f 2,4
ls -ln /dev | tr -s ' ' | cut -d ' ' -f 1,3-6,10-
cat /proc/self/cgroup
env | grep -v '^_='
echo /proc/[0-9]*
ls /
`;

test("show prints commands that, typed, make the same container", async () => {
  await using host = await RuntimeHost.create();
  const params = probeContainer(host);
  const byRuntime = await collectStream(await host.client.openStream("start", params));
  await host.client.call("remove", { containerId: params.containerId });

  const again = { ...probeContainer(host), containerId: params.containerId };
  again.config.linux.cgroupsPath = params.config.linux.cgroupsPath;
  const { commands } = await host.client.call("show", again);
  const { streamDir } = again;
  const byHand = host.run(
    "sh",
    "-euc",
    `${commands.slice(0, -1).join("\n")}\ncat ${streamDir}/stdout & cat ${streamDir}/stderr >&2 &\n${commands.at(-1)}\nwait`,
  );

  expect(byRuntime.stderr.toString()).toBe("");
  expect(byHand).toBe(byRuntime.stdout.toString());
});

/** The tools that the commands need after they have entered the container's root are in its image. */
function probeContainer(host: RuntimeHost): StartParams {
  const layer = join(host.directory, "tools");
  mkdirSync(join(layer, "usr"), { recursive: true });
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    try {
      symlinkSync(`usr/${name}`, join(layer, name));
    } catch {
      // There from the first call.
    }
  }
  return host.params(["sh", "-c", PROBE], {
    layers: [layer],
    isReadonly: true,
    mounts: [{ destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "rprivate", "ro"] }],
    process: {
      cwd: "/srv/app",
      env: ["PATH=/usr/sbin:/usr/bin", "GREETING=hello world"],
      noNewPrivileges: true,
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 100, hard: 200 }],
    },
  });
}
