import { Command } from "commander";
import { expect, test } from "vitest";
import type { ContainerSpec } from "../../../src/api/index.ts";
import { addContainerOptions, type ContainerOptions, toContainerSpec } from "../../../src/netctl/container-options.ts";

/** The specification that `netctl run ARGV` makes in /home/me with TOKEN in the environment. */
function specOf(...argv: string[]): ContainerSpec {
  const command = new Command("run");
  command.argument("<image>").argument("[command...]").passThroughOptions().option("-d, --detach");
  addContainerOptions(command);
  let spec: ContainerSpec | undefined;
  command.action((image: string, rest: string[], options: ContainerOptions) => {
    spec = toContainerSpec(image, rest, options, { env: { TOKEN: "secret" }, workdir: "/home/me" });
  });
  command.parse(argv, { from: "user" });
  if (spec === undefined) throw new Error("not parsed");
  return spec;
}

test("toContainerSpec sends nothing that was not asked for", () => {
  expect(specOf("busybox")).toEqual({ image: "busybox" });
});

test("toContainerSpec leaves what follows the image to the command", () => {
  expect(specOf("-d", "busybox", "ls", "-la", "--rm", "--", "-t")).toEqual({
    image: "busybox",
    command: ["ls", "-la", "--rm", "--", "-t"],
  });
});

test("toContainerSpec reads combined letters as docker does", () => {
  expect(specOf("-dit", "busybox")).toEqual({ image: "busybox", tty: true, stdin: true });
});

test("toContainerSpec takes every option", () => {
  const line =
    "--rm --name web --hostname h --network br0 --ip 172.16.0.9 --mac-address 02:42:00:00:00:09 -e A=1 -e TOKEN -e GONE " +
    "-v /srv:/data:ro -w /data -u 1000:1000 -m 64m --cpus 0.5 --pids-limit 9 --cap-add NET_ADMIN --cap-drop=ALL " +
    "--security-opt no-new-privileges --read-only --dns 192.0.2.53 --add-host db:10.0.0.1 -l a=b --label c --restart no";
  expect(specOf(...line.split(" "), "busybox")).toEqual({
    image: "busybox",
    autoRemove: true,
    name: "web",
    hostname: "h",
    network: "br0",
    ip: "172.16.0.9",
    mac: "02:42:00:00:00:09",
    env: ["A=1", "TOKEN=secret"],
    mounts: [{ type: "bind", source: "/srv", createSource: true, target: "/data", readOnly: true }],
    workdir: "/data",
    user: "1000:1000",
    memoryBytes: 64 * 2 ** 20,
    cpus: 0.5,
    pidsLimit: 9,
    capAdd: ["NET_ADMIN"],
    capDrop: ["ALL"],
    noNewPrivileges: true,
    readOnly: true,
    dns: ["192.0.2.53"],
    extraHosts: [{ name: "db", address: "10.0.0.1" }],
    labels: { a: "b", c: "" },
  });
});

test.each([
  ["--mac 02:42:00:00:00:09", { mac: "02:42:00:00:00:09" }],
  ["--net br1", { network: "br1" }],
  ["--memory=64m", { memoryBytes: 64 * 2 ** 20 }],
  ["--pids-limit -1", {}],
  ["--pids-limit 0", {}],
])("toContainerSpec reads %s", (line, expected) => {
  expect(specOf(...line.split(" "), "busybox")).toEqual({ image: "busybox", ...expected });
});
