import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { StreamReader } from "../../support/stream-result.ts";

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

function terminalParams(args: string[]) {
  return host.params(args, { process: { terminal: true, consoleSize: { height: 33, width: 99 } }, stdin: true });
}

test("start gives a controlling terminal of the container's own devpts, on /dev/console too", async () => {
  const params = terminalParams(["sh"]);
  const reader = new StreamReader(await host.client.openStream("start", params));
  reader.send("tty; stty size; ls -l /proc/self/fd/0; grep console /proc/mounts\n");
  await reader.waitFor(/\/dev\/pts\/0\r\n33 99\r\n.*\/dev\/pts\/0\r\ndevpts \/dev\/console devpts/);
  reader.send("echo x > /dev/tty && echo controlled\n");
  await reader.waitFor(/x\r\ncontrolled/);
  reader.send("exit 5\n");
  expect((await reader.end).exitCode).toBe(5);
  expect(readFileSync(params.logFile, "utf8")).toContain("33 99");
});

test("start gives job control: Ctrl-Z stops, fg goes on, Ctrl-C interrupts", async () => {
  const stream = await host.client.openStream("start", terminalParams(["sh"]));
  const reader = new StreamReader(stream);
  const shell = String(stream.result.pid);
  reader.send("sh -c 'echo started; exec sleep 1000'\n");
  await reader.waitFor(/started\r\n/);
  reader.send("\x1a");
  await reader.waitFor(/Stopped/);
  reader.send("fg\n");
  await reader.waitFor(/fg\r\n.*sleep 1000.*\r\n/);
  // The shell says so before it gives the terminal away.
  while (host.run("ps", "-o", "tpgid=", "-p", shell).trim() === shell);
  reader.send("\x03");
  reader.send("echo code $?\n");
  await reader.waitFor(/code 130/);
  reader.send("exit\n");
  await reader.end;
});

test("resize reaches the programs as SIGWINCH", async () => {
  const reader = new StreamReader(
    await host.client.openStream(
      "start",
      terminalParams(["sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do read x; done"]),
    ),
  );
  await reader.waitFor(/ready/);
  reader.resize(50, 150);
  await reader.waitFor(/50 150/);
  reader.destroy();
});

test("start keeps a terminal when its client hangs up, for the next one", async () => {
  const params = terminalParams(["sh"]);
  const first = new StreamReader(await host.client.openStream("start", params));
  first.send("echo first $((1+1))\n");
  await first.waitFor(/first 2/);
  first.destroy();
  await first.end;
  const second = new StreamReader(await host.client.openStream("attach", { containerId: params.containerId }));
  second.send("echo second $((2+2))\n");
  await second.waitFor(/second 4/);
  second.send("exit\n");
  expect((await second.end).exitCode).toBe(0);
});

test("start takes all output of a terminal before it reports the end", async () => {
  for (let round = 0; round < 10; round++) {
    const reader = new StreamReader(await host.client.openStream("start", terminalParams(["seq", "1", "2000"])));
    const { stdout } = await reader.end;
    expect(stdout.toString().trimEnd().split("\r\n")).toHaveLength(2000);
  }
});
