import { expect, test } from "vitest";
import { parsePortMapping } from "../../../src/address/index.ts";
import type { ContainerInfo } from "../../../src/api/index.ts";
import { formatPortLine, formatPorts, listPorts } from "../../../src/netctl/format-ports.ts";
import { publishAll } from "../../../src/netctl/port-options.ts";

function container(ports: string[], exposedPorts: string[] = [], state = "running"): ContainerInfo {
  return { state, ports: ports.map(parsePortMapping), spec: { image: "busybox", exposedPorts } } as ContainerInfo;
}

test.each([
  [container([]), ""],
  [container(["0.0.0.0:8080:80"]), "0.0.0.0:8080->80/tcp"],
  [container(["8080:80", "[::]:8080:80"]), "127.0.0.1:8080->80/tcp, [::]:8080->80/tcp"],
  [container(["8000-8009:80-89/udp"]), "127.0.0.1:8000-8009->80-89/udp"],
  [container(["dev=eth0:53:53/udp"]), "0.0.0.0%eth0:53->53/udp"],
  [container(["8080:80"], ["80/tcp", "443/tcp"]), "127.0.0.1:8080->80/tcp, 443/tcp"],
  [container(["8080:80"], ["443/tcp"], "exited"), ""],
])("formatPorts gives what ps shows: %#", (info, text) => expect(formatPorts(info)).toBe(text));

test("listPorts lists each port of a range, in the order of the container's ports", () => {
  const ports = ["9000:90", "8080-8081:80-81", "0.0.0.0:80:80", "[::1]:5353:53/udp"].map(parsePortMapping);
  expect(listPorts(ports).map(formatPortLine)).toEqual([
    "53/udp -> [::1]:5353\n",
    "80/tcp -> 127.0.0.1:8080\n",
    "80/tcp -> 0.0.0.0:80\n",
    "81/tcp -> 127.0.0.1:8081\n",
    "90/tcp -> 127.0.0.1:9000\n",
  ]);
});

test("publishAll gives a free port to each exposed port that is not published otherwise", () => {
  const published = [parsePortMapping("8080:81")];
  const made = publishAll(["80-82/tcp", "53/udp", "53/udp"], published);
  const wanted = { hostAddress: "127.0.0.1", hostPort: 0, count: 1 };
  expect(made).toEqual([
    { ...wanted, containerPort: 80, protocol: "tcp" },
    { ...wanted, containerPort: 82, protocol: "tcp" },
    { ...wanted, containerPort: 53, protocol: "udp" },
  ]);
});
