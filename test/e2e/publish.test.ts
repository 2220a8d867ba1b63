import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";

/** Address of the sandbox's host on its uplink, and the namespace on the other side. */
const HOST = "198.51.100.2";
const INTERNET = ["nsenter", "--net=/run/netns/internet", "--"] as const;

/** Answers each connection with the address that it comes from. */
const SERVER = 'mkdir -p /w && echo "You reached $(hostname)" > /w/index.html && exec busybox httpd -f -p 80 -h /w';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await TestSandbox.create();
});

afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

async function startServer(name: string, ...options: string[]): Promise<NetworkedInfo> {
  await sandbox.ok("run", "-d", "--name", name, "--hostname", name, ...options, "busybox", "sh", "-c", SERVER);
  const [info] = await sandbox.json<[NetworkedInfo]>("inspect", name);
  await untilAnswered([], `${info.endpoint.address}:80`, name);
  return info;
}

/** Ask for a page, from the host or with a command in front. */
async function get(from: readonly string[], place: string): Promise<string> {
  const [, address = "", port = ""] = /^(.*):(\d+)$/.exec(place) ?? [];
  // busybox wget of Debian asks glibc for names, and dies of it in a static program.
  const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 5 busybox nc ${address} ${port}`;
  const [command = "sh", ...args] = [...from, "sh", "-c", ask];
  const { stdout, stderr } = await sandbox.run(command, ...args);
  return (stdout.split("\n").at(-2) ?? stdout).trim() || stderr.trim();
}

/** A server takes a moment to listen. */
async function untilAnswered(from: readonly string[], place: string, name: string): Promise<void> {
  await expect.poll(async () => await get(from, place), { timeout: 20_000 }).toBe(`You reached ${name}`);
}

const inside = (name: string): string[] => ["nsenter", `--net=/run/netns/${name}`, "--"];

describe("a published port", () => {
  test("is reached from the host by 127.0.0.1 alone, unless an address is given", async () => {
    await startServer("one", "-p", "8080:80");
    expect(await get([], "127.0.0.1:8080")).toBe("You reached one");
    expect(await get([], `${HOST}:8080`)).toContain("refused");
    expect(await get(INTERNET, `${HOST}:8080`)).toContain("refused");
  });

  test("on 0.0.0.0 is reached from everywhere: host, internet, a neighbour, another network, and the container itself", async () => {
    await startServer("two", "-p", "0.0.0.0:8081:80");
    for (const from of [[], INTERNET, inside("one"), inside("two")]) {
      expect(await get(from, `${HOST}:8081`), from.join(" ")).toBe("You reached two");
    }
    expect(await get([], "127.0.0.1:8081")).toBe("You reached two");
    expect(await get(inside("one"), "172.16.0.1:8081")).toBe("You reached two");
  });

  test("comes and goes on a container that runs, and outlives its restart and netd's", async () => {
    const { pid } = await startServer("three");
    await sandbox.ok("publish", "three", "8082:80");
    expect(await get([], "127.0.0.1:8082")).toBe("You reached three");
    await sandbox.kill("netd");
    await sandbox.startNetd();
    expect(await get([], "127.0.0.1:8082")).toBe("You reached three");
    expect((await sandbox.json<[NetworkedInfo]>("inspect", "three"))[0].pid).toBe(pid);
    await sandbox.ok("restart", "-t", "0", "three");
    await untilAnswered([], "127.0.0.1:8082", "three");
    await sandbox.ok("unpublish", "three", "8082:80");
    expect(await get([], "127.0.0.1:8082")).toContain("refused");
  });

  test("that was left open is picked, and stays", async () => {
    await startServer("four", "-p", "80");
    const port = (await sandbox.ok("port", "four", "80")).trim().split(":").at(-1);
    expect(await get([], `127.0.0.1:${port}`)).toBe("You reached four");
    await sandbox.ok("restart", "-t", "0", "four");
    await untilAnswered([], `127.0.0.1:${port}`, "four");
  });

  test("that another container has is refused by its name, and one that a program has by the program's", async () => {
    const again = await sandbox.netctl("run", "--rm", "-p", "0.0.0.0:8081:80", "busybox", "true");
    expect(again.stderr).toContain("container 'two' publishes 0.0.0.0:8081:80/tcp");
    const listener = sandbox.start("busybox", "nc", "-l", "-p", "8090");
    await expect
      .poll(async () => (await sandbox.netctl("publish", "one", "8090:80")).stderr, { timeout: 20_000 })
      .toMatch(/'(busybox|nc)' \(pid \d+\) listens on .* port 8090/);
    await listener[Symbol.asyncDispose]();
  });

  test("is gone from the rules with its container", async () => {
    await sandbox.ok("rm", "-f", "one", "two", "three", "four");
    const { stdout } = await sandbox.run("nft", "list", "ruleset");
    expect(stdout).not.toContain("172.16.0.2");
    expect(await get(INTERNET, `${HOST}:8081`)).toContain("refused");
  });
});
