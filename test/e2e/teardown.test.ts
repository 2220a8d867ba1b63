import { expect, test } from "vitest";
import { TestSandbox } from "../support/sandbox.ts";

/**
 * What a host has, as witnesses tell it; nothing of it may be another after a teardown. What the kernel makes by itself once a bridge has a port
 * (link-local addresses) is left out.
 */
const WITNESSES = {
  links: `ip -json -details link | tr '{' '\\n' | grep -oE '"(ifname|ifalias|master|mtu|address)":[^,}]*'`,
  addresses: "ip -o address | grep -v fe80: | sed 's/valid_lft.*//'",
  routes: "(ip route; ip -6 route; ip rule) | grep -v fe80: | sed 's/ linkdown//'",
  rules: "nft -j -s list ruleset | tr '{' '\\n' | grep -v metainfo | sed 's/\"handle\": [0-9]*//'",
  iptables: "for t in iptables-nft-save iptables-legacy-save; do $t | grep -v '^#' | sed 's/\\[.*//'; done",
  queues: "tc qdisc; for d in $(ls /sys/class/net); do tc filter show dev $d; done",
  namespaces: "ls /run/netns",
  mounts: "cut -d' ' -f2,3 /proc/mounts",
  cgroups: "find /sys/fs/cgroup -path /sys/fs/cgroup/unified -prune -o -type d -path '*/netd/*' -print",
  processes: "ps -eo args | grep -E '[n]etd-(dns|runtime)|[n]etd --|[s]leep 4321'",
  files: "ls -A /run/netd /var/lib/netd",
  parameters: `for f in ipv4/ip_forward ipv4/conf/all/route_localnet ipv6/conf/all/forwarding ipv6/conf/default/forwarding \\
    ipv6/conf/up0/accept_ra ipv6/conf/up0/forwarding ipv4/conf/up0/route_localnet; do echo $f $(cat /proc/sys/net/$f); done`,
};

/** Strangers' things of each kind, some of them in the way of ours. */
const STRANGERS = `
set -e
echo 1 > /proc/sys/net/ipv4/ip_forward && echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
ip link add stranger0 type bridge && ip address add 10.200.0.1/24 dev stranger0 && ip link set stranger0 up
ip link add veother type veth peer name veotherb && ip link set veother alias netd:01234567:bridge
ip netns add other && ip link set veotherb netns other && ip link set veother master stranger0 up
ip link add taken0 address 02:00:00:00:00:99 type bridge && ip address add 10.201.0.1/24 dev taken0 && ip link set taken0 up
nft 'add table inet other { chain c { type filter hook forward priority 5; ct state invalid counter accept; }; }'
iptables-nft -N DOCKER-USER && iptables-nft -I FORWARD -j DOCKER-USER && iptables-nft -P FORWARD DROP
iptables-nft -A DOCKER-USER -s 10.200.0.0/24 -j RETURN
ip route add 10.210.0.0/16 via 198.51.100.1`;

/** Everything that netd can make. */
const OURS = [
  "net create lab --subnet 10.71.0.0/24 --ipv6",
  "net create closed --internal --isolated",
  "net create wire --kind macvlan --parent up0 --subnet 10.73.0.0/24",
  "net create taken --bridge taken0 --adopt --subnet 10.201.0.0/24 --gateway 10.201.0.254",
  "allow default lab",
  "run -d --name web --network lab --network closed -p 127.0.0.1:8080:80 -p 0.0.0.0:9000-9009:9000-9009/udp busybox sleep 4321",
  "run -d --name slow --rate-in 10mbit --rate-out 5mbit busybox sleep 4321",
  "run -d --name far --network wire busybox sleep 4321",
  "run -d --name guest --network taken --egress none busybox sleep 4321",
  "run -d --name frozen -v data:/data busybox sleep 4321",
  "pause frozen",
  "run --name ended busybox true",
  "create --name made --network lab busybox true",
];

async function look(sandbox: TestSandbox): Promise<Record<string, string[]>> {
  const entries = Object.entries(WITNESSES).map(
    async ([name, script]) => [name, (await sandbox.sh(script)).stdout.split("\n").toSorted()] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

test.each(["while it runs", "after it was killed with its helpers"])(
  "netd --teardown %s leaves nothing of ours, and all of strangers' as it was",
  async (when) => {
    await using sandbox = await TestSandbox.create({ withoutNetd: true });
    const strangers = await sandbox.sh(STRANGERS);
    expect(strangers).toMatchObject({ exitCode: 0, stderr: "" });
    const before = await look(sandbox);
    await sandbox.startNetd();
    for (const command of OURS) await sandbox.ok(...command.split(" "));
    // A stranger who comes later.
    await sandbox.sh("nft 'add table ip later { chain c { type nat hook postrouting priority 90; }; }'");
    expect((await look(sandbox)).iptables?.join("\n")).toContain("NETD-");
    if (when !== "while it runs") for (const helper of ["runtime", "dns", "netd"] as const) await sandbox.kill(helper);

    expect(await sandbox.run("netd", "--teardown")).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await sandbox.sh("nft delete table ip later")).exitCode).toBe(0);
    expect(await look(sandbox)).toEqual(before);
  },
);
