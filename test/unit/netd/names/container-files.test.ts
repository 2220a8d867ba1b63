import { expect, test } from "vitest";
import { formatHostname, formatHosts, formatResolvConf } from "../../../../src/netd/names/container-files.ts";

const ALONE = { hostname: "3f2a91c04b5e", name: "web", addresses: ["172.16.0.2"], members: [], extraHosts: [] };

test.each([
  ["alone", ALONE],
  ["named-like-its-container", { ...ALONE, hostname: "web" }],
  [
    "with-neighbours",
    {
      ...ALONE,
      members: [
        { name: "db", address: "172.16.0.3" },
        { name: "web", address: "172.16.0.2" },
        { name: "cache", address: "172.16.0.4" },
      ],
    },
  ],
  [
    "with-extra-hosts",
    {
      ...ALONE,
      extraHosts: [
        { name: "registry.example.net", address: "203.0.113.80" },
        { name: "v6", address: "2001:db8:113::80" },
      ],
      members: [{ name: "db", address: "172.16.0.3" }],
    },
  ],
  [
    "in-two-networks",
    {
      ...ALONE,
      addresses: ["172.16.0.2", "fd00:1::2", "10.0.0.2"],
      members: [
        { name: "web", address: "10.0.0.2" },
        { name: "db", aliases: ["store", "db"], address: "10.0.0.3" },
        { name: "db", address: "fd00:1::3" },
      ],
    },
  ],
])("formatHosts of a container %s is as in the golden file", async (name, input) => {
  await expect(formatHosts(input)).toMatchFileSnapshot(`../../../golden/netd/hosts-${name}.txt`);
});

test("formatHosts puts what the user added before the neighbours, so that --add-host wins", () => {
  const hosts = formatHosts({
    ...ALONE,
    extraHosts: [{ name: "db", address: "203.0.113.9" }],
    members: [{ name: "db", address: "172.16.0.3" }],
  });
  expect(hosts.indexOf("203.0.113.9\tdb")).toBeLessThan(hosts.indexOf("172.16.0.3\tdb"));
});

test("formatHosts leaves the container out of its own neighbours", () => {
  const hosts = formatHosts({ ...ALONE, members: [{ name: "web", address: "172.16.0.2" }] });
  expect(hosts.split("\n").filter((line) => line.startsWith("172.16.0.2\t"))).toEqual([
    "172.16.0.2\t3f2a91c04b5e\tweb",
  ]);
});

test("formatResolvConf names the gateway and nobody else", async () => {
  await expect(formatResolvConf("172.16.0.1")).toMatchFileSnapshot("../../../golden/netd/resolv.conf");
});

test("formatResolvConf searches the domains of the container's networks, each once", () => {
  expect(formatResolvConf("fd00:1::1", ["lab.example", "b.example", "lab.example"])).toBe(
    "nameserver fd00:1::1\nsearch lab.example b.example\noptions ndots:0\n",
  );
});

test("formatHostname ends its line", () => {
  expect(formatHostname("web")).toBe("web\n");
});
