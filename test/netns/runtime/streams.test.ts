import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";
import { collectStream, StreamReader } from "../../support/stream-result.ts";

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Read a log back into the bytes that were written. */
function readLog(path: string, stream: string): Buffer {
  const log = readFileSync(path);
  const pieces: Buffer[] = [];
  for (let from = 0; from < log.length; ) {
    const end = log.indexOf(0x0a, from);
    const line = log.subarray(from, end);
    const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) ([FP]) /.exec(line.toString("latin1"));
    expect(match).not.toBeNull();
    if (match?.[1] === stream) pieces.push(line.subarray(match[0].length), Buffer.from(match[2] === "F" ? "\n" : ""));
    from = end + 1;
  }
  return Buffer.concat(pieces);
}

describe("output", () => {
  test("start keeps it byte for byte, in the client's stream and in the log", async () => {
    const data = join(host.directory, "data");
    mkdirSync(data, { recursive: true });
    const bytes = randomBytes(3 << 20);
    writeFileSync(join(data, "random"), bytes);
    const mounts = [{ destination: "/data", type: "bind", source: data, options: ["rbind"] }];
    const params = host.params(["sh", "-c", "cat /data/random; printf 'no newline' >&2"], { mounts });
    const result = await collectStream(await host.client.openStream("start", params));
    expect(result.exitCode).toBe(0);
    expect(result.stdout.equals(bytes)).toBe(true);
    expect(result.stderr.toString()).toBe("no newline");
    expect(readLog(params.logFile, "stdout").equals(bytes)).toBe(true);
    expect(readLog(params.logFile, "stderr").toString()).toBe("no newline");
  });

  test("start reports the end only after all output", async () => {
    for (let round = 0; round < 20; round++) {
      const { stdout } = await host.runContainer(["sh", "-c", "seq 1 5000"]);
      expect(stdout.toString().trimEnd().split("\n")).toHaveLength(5000);
    }
  });

  test("start logs without any client", async () => {
    const params = host.params(["echo", "alone"]);
    const exited = host.exited(params.containerId);
    await host.client.call("start", params);
    await exited;
    expect(readFileSync(params.logFile, "utf8")).toMatch(/ stdout F alone\n$/);
  });

  test("attach gets what comes from now on, with a slow client holding the container back but not for ever", async () => {
    const params = host.params(["sh", "-c", "while :; do echo 0123456789012345678901234567890123456789; done"]);
    await host.client.call("start", params);
    const lazy = await host.client.openStream("attach", { containerId: params.containerId });
    // It never reads. A second one that does sees output again once the first has gone.
    const eager = new StreamReader(await host.client.openStream("attach", { containerId: params.containerId }));
    await eager.waitFor(/0123456789\n/);
    lazy.socket.destroy();
    const before = eager.text.length;
    await eager.waitFor(new RegExp(`^[\\s\\S]{${before + 100_000}}`));
    await host.client.call("remove", { containerId: params.containerId });
    expect((await eager.end).exitCode).toBe(137);
  });
});

describe("input", () => {
  test("start passes standard input on, and its end", async () => {
    const bytes = randomBytes(500_000);
    const { stdout, exitCode } = await host.runContainer(["cat"], { input: bytes });
    expect(exitCode).toBe(0);
    expect(stdout.equals(bytes)).toBe(true);
  });

  test("start gives /dev/null to a container without standard input", async () => {
    const { stdout } = await host.runContainer(["sh", "-c", "cat; echo end"]);
    expect(stdout.toString()).toBe("end\n");
  });

  test("start closes standard input when its client hangs up", async () => {
    const params = host.params(["sh", "-c", "cat; echo end; exit 3"], { stdin: true });
    const exited = host.exited(params.containerId);
    const reader = new StreamReader(await host.client.openStream("start", params));
    reader.send("abc");
    await reader.waitFor(/abc/);
    reader.destroy();
    expect(await exited).toBe(3);
  });

  test("start keeps standard input open for later clients when nobody was attached", async () => {
    const params = host.params(["cat"], { stdin: true });
    await host.client.call("start", params);
    for (const text of ["one", "two"]) {
      const reader = new StreamReader(await host.client.openStream("attach", { containerId: params.containerId }));
      reader.send(text);
      await reader.waitFor(new RegExp(text));
      reader.destroy();
      await reader.end;
    }
    const last = new StreamReader(await host.client.openStream("attach", { containerId: params.containerId }));
    last.send("");
    expect((await last.end).exitCode).toBe(0);
  });
});
