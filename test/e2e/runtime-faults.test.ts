import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OneShotHost } from "../support/one-shot-host.ts";

const RUNTIME = resolve(import.meta.dirname, "../../dist/netd-runtime.cjs");
const KILLED = 128 + 9;
/** A container has more steps than this, whatever it is. */
const STEPS_MIN = 30;
const LIMIT_MS = 240_000;

let host: OneShotHost;
let bundle: string;
let faultFile: string;
beforeAll(async () => {
  host = await OneShotHost.create();
  bundle = host.bundle(["sleep", "1000"]);
  faultFile = join(host.directory, "fault");
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Cgroups, mounts and processes of netd-runtime and its containers. */
const TRACES = `
  ls -d /sys/fs/cgroup/*$PARENT/*/ 2>/dev/null
  grep -c . /proc/self/mountinfo
  for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -aE '^(netd-runtime|sleep 1000)'; done
  true`;

function traces(): string {
  return host.run(["sh", "-c", TRACES], { env: { PARENT: host.cgroupParent } }).stdout;
}

/** Kill the creator at a place. It must have come there. */
function createAndDieAt(place: string): void {
  writeFileSync(faultFile, place);
  // A shell tells a signal by a code.
  const program = [RUNTIME, "--root", host.root, "create", "--bundle", bundle, "c"];
  const { code } = host.run(["sh", "-c", '"$@" 2>/dev/null; exit $?', "sh", ...program], {
    env: { NETD_TEST_FAULT_FILE: faultFile },
  });
  expect({ place, code, isComeTo: !existsSync(faultFile) }).toEqual({ place, code: KILLED, isComeTo: true });
}

test.each(["reserved", "named", "configured", "cgroup", "launched", "recorded"])(
  "create killed once it has %s leaves what delete -f takes away, and the id is free again",
  (place) => {
    const before = traces();
    createAndDieAt(`command:${place}`);
    expect(host.call(["list"])).toMatchObject({ code: 0 });
    expect(host.call(["create", "--bundle", bundle, "c"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/already exists/),
    });
    host.must("delete", "-f", "c");
    expect(readdirSync(host.root)).toEqual([]);
    expect(traces()).toBe(before);
    host.must("create", "--bundle", bundle, "c");
    host.must("delete", "c");
    expect(traces()).toBe(before);
  },
);

test(
  "create killed before any step of its child takes the child along, and delete -f the rest",
  () => {
    const script = `
      count=0
      before=$(traces)
      while :; do
        echo "parent:$count" >"$NETD_TEST_FAULT_FILE"
        { "$@" create --bundle "$BUNDLE" c; } >/dev/null 2>&1
        code=$?
        [ $code -ne 0 ] || break
        [ $code -eq ${KILLED} ] || echo "step $count: code $code"
        "$@" delete -f c 2>&1 || echo "step $count: delete failed"
        [ "$(traces)" = "$before" ] || { echo "step $count:"; traces; }
        count=$((count + 1))
      done
      "$@" delete -f c
      rm -f "$NETD_TEST_FAULT_FILE"
      echo "steps $count"`;
    const env = { NETD_TEST_FAULT_FILE: faultFile, BUNDLE: bundle, PARENT: host.cgroupParent };
    const text = `traces() { ${TRACES}\n}\n${script}`;
    const { stdout } = host.run(["bash", "-c", text, "bash", RUNTIME, "--root", host.root], {
      env,
      limitMs: LIMIT_MS,
    });
    const [, steps] = /^steps (\d+)\n$/.exec(stdout) ?? [stdout];
    expect(Number(steps), stdout).toBeGreaterThan(STEPS_MIN);
    expect(readdirSync(host.root)).toEqual([]);
  },
  LIMIT_MS,
);
