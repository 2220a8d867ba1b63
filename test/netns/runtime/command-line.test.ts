import { afterAll, beforeAll, expect, test } from "vitest";
import { RuntimeHost } from "../../support/runtime-host.ts";

let host: RuntimeHost;
beforeAll(async () => {
  host = await RuntimeHost.create();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

test("netd-runtime serve --help prints its usage", () => {
  expect(host.command(["serve", "--help"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Usage: netd-runtime serve --socket/),
    stderr: "",
  });
});

test.each([
  [["serve"], /--socket and --run-dir are needed/],
  [["serve", "--port", "1"], /--port/],
  [["walk"], /for netd-runtime itself/],
])("netd-runtime %j is a usage error", (args, reason) => {
  expect(host.command(args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(reason) });
});

test("netd-runtime serve refuses a socket that another one serves", () => {
  const result = host.command(["serve", "--socket", host.socket, "--run-dir", host.directory]);
  expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/another netd-runtime does/) });
});
