import { expect, test } from "vitest";
import type { NetworkInfo, PendingChange } from "../../src/api/index.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { useApi } from "../support/sandbox-api.ts";

test("netd takes back, when it starts, a change of a network whose deadline passed while none lived", async () => {
  await using sandbox = await TestSandbox.create();
  await useApi(sandbox, "POST", "/v1/networks", { name: "lab", mtu: 1400 });
  await useApi(sandbox, "PATCH", "/v1/networks/lab", { mtu: 1300, confirmSeconds: 1 });
  const { pid } = await useApi<{ pid: number }>(sandbox, "GET", "/v1/info");
  const [pending] = await useApi<PendingChange[]>(sandbox, "GET", "/v1/changes");
  await sandbox.run("sh", "-c", `kill -KILL ${pid}; while [ -d /proc/${pid} ]; do sleep 0.01; done`);
  // The deadline is on the clock of the host, which nobody can turn for us.
  const until = Math.ceil(Date.parse(pending?.until ?? new Date().toISOString()) / 1000) + 1;
  await sandbox.run("sh", "-c", `while [ $(date +%s) -lt ${until} ]; do sleep 0.05; done`);
  await sandbox.startNetd();
  expect(await useApi<NetworkInfo>(sandbox, "GET", "/v1/networks/lab")).toMatchObject({ mtu: 1400 });
  expect(await useApi<PendingChange[]>(sandbox, "GET", "/v1/changes")).toEqual([]);
});
