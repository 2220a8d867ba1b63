/**
 * The init that a container may have, by each way of its birth.
 *
 * @module
 */
import { describe, expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";

describe("start with an init", () => {
  test.each([
    ["by a fork", {}, { slow: false, forks: 1 }],
    ["by a second fork", { NETD_RUNTIME_TEST_CRASH_FORKS: "1" }, { slow: false, forks: 2 }],
    ["the slow way", { NETD_RUNTIME_TEST_CRASH_FORKS: "100" }, { slow: true }],
  ])("makes it %s, has it reap and pass signals on, and survives the runtime", async (_case, env, how) => {
    await using host = await RuntimeHost.create({ env });
    const script =
      "(sh -c 'echo $$ > /orphan; until [ -e /go ]; do sleep 0.01; done' &); trap 'exit 42' TERM; while :; do sleep 0.01; done";
    const params = { ...host.params(["sh", "-c", script]), init: true as const };
    const { containerId } = params;
    const started = await host.client.call("start", params);
    expect(started).toMatchObject(how);
    const root = `/proc/${started.pid}/root`;
    expect(host.run("cat", `/proc/${started.pid}/comm`)).toBe("netd-init\n");
    // The orphan's number is that of the container's own pid namespace, which its proc shows.
    host.run(
      "sh",
      "-c",
      `until [ -s ${root}/orphan ]; do :; done; touch ${root}/go; while [ -d ${root}/proc/$(cat ${root}/orphan) ]; do :; done`,
    );
    await host.killRuntime();
    await host.startRuntime();
    const exited = host.exited(containerId);
    await host.client.call("signal", { containerId, signal: 15 });
    expect(await exited).toBe(42);
    await host.client.call("remove", { containerId });
  });

  test("fails as without one when the command is not there", async () => {
    await using host = await RuntimeHost.create();
    const params = { ...host.params(["nosuch"]), init: true as const };
    await expect(host.client.call("start", params)).rejects.toMatchObject({ code: "COMMAND_NOT_FOUND" });
  });
});
