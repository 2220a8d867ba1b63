// The network engine: traffic beside a network made by hand, published ports, networks joined, restarts with many containers.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { interleave, median } from "./statistics.mjs";

/** How long each transfer takes, in seconds, and how many there are of each kind. */
const [TRANSFER_S, TRANSFERS] = [2, 7];
const PINGS = 400;
/** Addresses of the network made by hand; its internet is at the other end of a cable, as netd's is in the sandbox. */
const HAND = { subnet: "10.98.0.0/24", gateway: "10.98.0.1", hosts: { ha: "10.98.0.2", hb: "10.98.0.3" } };
const HAND_INTERNET = "192.0.2.80";
const INTERNET = "203.0.113.80";

/**
 * Compare throughput and latency of two containers, and of one and the internet, with the same made by hand in namespaces of its own, where
 * none of netd's rules are. Both are reached from outside, in their network namespaces, by the same programs.
 */
export async function compareTraffic({ connection, startContainer }) {
  const [a, b] = [await startContainer("traffic-a"), await startContainer("traffic-b")];
  makeByHand();
  const paths = {
    "netd: container to container": { from: a.name, to: b.name, address: b.endpoint.address },
    "by hand: namespace to namespace": { from: "ha", to: "hb", address: HAND.hosts.hb },
    "netd: container to the internet": { from: a.name, to: "internet", address: INTERNET },
    "by hand: namespace to the internet": { from: "ha", to: "hinternet", address: HAND_INTERNET },
  };
  const servers = Object.values(paths).map(({ to, address }) => startServer(to, address));
  await delay(500);
  const run = (measure) =>
    Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, async () => await measure(path)]));
  const throughput = await interleave(run(transfer), { rounds: TRANSFERS, warmups: 1 });
  const latency = await interleave(run(ping), { rounds: TRANSFERS, warmups: 1 });
  for (const server of servers) server.kill("SIGKILL");
  await Promise.all(servers.map((server) => once(server, "exit")));
  for (const name of ["ha", "hb", "hhost", "hinternet"]) sh(`ip netns delete ${name}`);
  for (const { name } of [a, b]) await connection.call("DELETE", `/v1/containers/${name}?force=1`);
  return { throughput: medians(throughput), latency: medians(latency) };
}

/** Time the next publish of as many ports as the first container published, when many containers have published as many each. */
export async function comparePublish({ connection, startContainer, count, width, timeAll, ports }) {
  const spec = (index) => ({
    ports: Array.from({ length: ports }, (_, port) => ({
      ...{ hostAddress: "127.0.0.1", hostPort: 10_000 + index * ports + port, containerPort: 1000 + port * 2 },
      ...{ count: 1, protocol: "tcp" },
    })),
  });
  const time = async (index) => {
    const start = performance.now();
    await connection.call("POST", `/v1/containers/publish-${index}/publish`, spec(index));
    return performance.now() - start;
  };
  const first = [];
  for (let index = 0; index < TRANSFERS; index++) {
    await startContainer(`publish-${index}`);
    await time(index);
    await connection.call("POST", `/v1/containers/publish-${index}/unpublish`, spec(index));
    first.push(await time(index));
  }
  await timeAll(count - first.length, width, async (index, lane) => {
    await startContainer(`publish-${index + first.length}`, lane);
    await connection.call("POST", `/v1/containers/publish-${index + first.length}/publish`, spec(index + first.length));
  });
  const next = [];
  for (let index = count; index < count + TRANSFERS; index++) {
    await startContainer(`publish-${index}`);
    next.push(await time(index));
  }
  const range = await timeRange(connection, `publish-${count}`);
  await timeAll(count + TRANSFERS, width, async (index) => {
    await connection.call("DELETE", `/v1/containers/publish-${index}?force=1`);
  });
  return { first: median(first), next: median(next), range };
}

/** A thousand ports in a row, of the same numbers on both sides. */
async function timeRange(connection, name) {
  const ports = [{ hostAddress: "127.0.0.1", hostPort: 40_000, containerPort: 40_000, count: 1000, protocol: "tcp" }];
  const start = performance.now();
  await connection.call("POST", `/v1/containers/${name}/publish`, { ports });
  return performance.now() - start;
}

/** Time joining a running container to a second network. */
export async function timeAttach({ connection, startContainer, rounds }) {
  await connection.call("POST", "/v1/networks", { name: "second" });
  const { name } = await startContainer("attach");
  const attach = async () => {
    const start = performance.now();
    await connection.call("POST", "/v1/networks/second/connect", { container: name });
    const time = performance.now() - start;
    await connection.call("POST", "/v1/networks/second/disconnect", { container: name });
    return time;
  };
  const times = await interleave({ attach }, { rounds, warmups: 5 });
  await connection.call("DELETE", `/v1/containers/${name}?force=1`);
  await connection.call("DELETE", "/v1/networks/second");
  return times.attach;
}

function makeByHand() {
  const commands = [
    "ip netns add hhost; ip netns add hinternet; ip netns add ha; ip netns add hb",
    "ip -n hhost link add hbr0 type bridge; ip -n hhost link set hbr0 up; ip -n hhost link set lo up",
    `ip -n hhost address add ${HAND.gateway}/24 dev hbr0`,
    ...Object.entries(HAND.hosts).flatMap(([name, address]) => [
      `ip -n hhost link add v${name} type veth peer name eth0 netns ${name}`,
      `ip -n hhost link set v${name} master hbr0 up; ip -n ${name} link set lo up`,
      `ip -n ${name} address add ${address}/24 dev eth0; ip -n ${name} link set eth0 up`,
      `ip -n ${name} route add default via ${HAND.gateway}`,
    ]),
    "ip -n hhost link add up0 type veth peer name up0 netns hinternet",
    "ip -n hhost address add 192.0.2.1/24 dev up0; ip -n hhost link set up0 up",
    `ip -n hinternet address add ${HAND_INTERNET}/24 dev up0; ip -n hinternet link set up0 up`,
    "nsenter --net=/run/netns/hhost sysctl -qw net.ipv4.ip_forward=1",
    `nsenter --net=/run/netns/hhost nft 'table ip hand { chain post { type nat hook postrouting priority srcnat; ip saddr ${HAND.subnet} oifname != "hbr0" masquerade; }; }'`,
  ];
  sh(`set -e\n${commands.join("\n")}`);
}

function startServer(netns, address) {
  return spawn("nsenter", [`--net=/run/netns/${netns}`, "iperf3", "--server", "--bind", address], { stdio: "ignore" });
}

/** Gigabits a second that arrive. */
async function transfer({ from, address }) {
  const argv = ["iperf3", "--client", address, "--time", String(TRANSFER_S), "--json"];
  const { end } = JSON.parse(await output("nsenter", [`--net=/run/netns/${from}`, ...argv]));
  return end.sum_received.bits_per_second / 1e9;
}

/** Microseconds of a round trip. */
async function ping({ from, address }) {
  const argv = ["busybox", "ping", "-q", "-A", "-c", String(PINGS), address];
  const [, average] = /= [\d.]+\/([\d.]+)\//.exec(await output("nsenter", [`--net=/run/netns/${from}`, ...argv]));
  return Number(average) * 1000;
}

async function output(command, argv) {
  const child = spawn(command, argv, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (bytes) => {
    text += bytes;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ${argv.join(" ")} ended with ${code}: ${text}`);
  return text;
}

function sh(text) {
  const { status, stderr } = spawnSync("sh", ["-c", text], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${text}: ${stderr}`);
}

function medians(times) {
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}
