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
    "--rm --name web --hostname h --network br0 --ip 172.16.0.9 --mac-address 02:42:00:00:00:09 --ip6 fd00::9 " +
    "--network-alias www --egress internal --rate-in 10mbit --rate-out 1gbit --expose 9000 -p 8080:80 -e A=1 -e TOKEN -e GONE " +
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
    ip6: "fd00::9",
    aliases: ["www"],
    egress: "internal",
    rateInBps: 10_000_000,
    rateOutBps: 1_000_000_000,
    exposedPorts: ["9000/tcp"],
    ports: [{ hostAddress: "127.0.0.1", hostPort: 8080, containerPort: 80, count: 1, protocol: "tcp" }],
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
  ["--network a --network b --ip 10.0.0.2", { network: "a", ip: "10.0.0.2", networks: [{ network: "b" }] }],
  [
    "--network name=a,alias=x,alias=y,ip6=fd00::2 --network name=b,ip=10.1.0.2,mac-address=02:42:00:00:00:01,gw-priority=1",
    {
      network: "a",
      aliases: ["x", "y"],
      ip6: "fd00::2",
      networks: [{ network: "b", ip: "10.1.0.2", mac: "02:42:00:00:00:01", defaultRoute: true }],
    },
  ],
  ["--network name=a,alias=x --network-alias y", { network: "a", aliases: ["x", "y"] }],
  ["--network a --network name=b,default-route", { network: "a", networks: [{ network: "b", defaultRoute: true }] }],
  ["--network container:web", { network: "container:web" }],
  ["--rate-in none", {}],
  ["--expose 80-82/udp --expose 80", { exposedPorts: ["80-82/udp", "80/tcp"] }],
  ["--memory=64m", { memoryBytes: 64 * 2 ** 20 }],
  ["--pids-limit -1", {}],
  ["--pids-limit 0", {}],
])("toContainerSpec reads %s", (line, expected) => {
  expect(specOf(...line.split(" "), "busybox")).toEqual({ image: "busybox", ...expected });
});
