// Addresses: what one costs in a network that has given out many, and what listing and importing that many cost.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { interleave } from "./statistics.mjs";

/** How many addresses are taken in the two networks that are compared. */
export const [FEW, MANY] = [100, 100_000];
/** Networks with room for them, beside what the sandbox and the other comparisons use. */
const NETWORKS = { few: { subnet: "10.64.0.0/11", first: 64 }, many: { subnet: "10.128.0.0/9", first: 128 } };
const FIRST_HOST = 16;

/**
 * Import leases by the hundred and by the hundred thousand, with another client that asks something all the time; then compare the making of
 * containers in both networks, and list all.
 */
export async function compareIpam({ connection, other, pid, rounds }) {
  for (const [name, { subnet }] of Object.entries(NETWORKS)) {
    await connection.call("POST", "/v1/networks", { name, subnet });
  }
  await connection.call("POST", "/v1/leases/import", makeDocument("few", FEW));
  const imported = await whileAsking(other, async () => {
    await connection.call("POST", "/v1/leases/import", makeDocument("many", MANY));
  });
  const create = (network) => async (round) => {
    const name = `ipam-${network}-${round}`;
    const start = performance.now();
    await connection.call("POST", "/v1/containers", { image: "busybox", name, command: ["true"], network });
    const time = performance.now() - start;
    await connection.call("DELETE", `/v1/containers/${name}`);
    return time;
  };
  const times = await interleave({ few: create("few"), many: create("many") }, { rounds, warmups: 5 });
  const residentBefore = statusOf(pid, "VmRSS");
  const peakBefore = statusOf(pid, "VmHWM");
  const listed = await whileAsking(other, async () => await list());
  const growth = Math.max(0, statusOf(pid, "VmHWM") - peakBefore);
  return { times, imported, listed, residentBefore, peakBefore, growth };
}

function makeDocument(network, count) {
  const reservations = Array.from({ length: count }, (_, index) => {
    const host = index + FIRST_HOST;
    const address = [NETWORKS[network].first, host >> 16, (host >> 8) & 255, host & 255];
    // The first number of the subnet is 10, and what follows has room for all.
    return {
      network,
      address: `10.${address[0] + address[1]}.${address[2]}.${address[3]}`,
      name: `${network}-${index}`,
    };
  });
  return { version: 1, reservations, leases: [] };
}

/** Do something while another client asks one small thing after the other; the milliseconds of it, and of the slowest answer meanwhile. */
async function whileAsking(other, act) {
  let isDone = false;
  let slowestMs = 0;
  const asking = (async () => {
    while (!isDone) {
      const start = performance.now();
      await other.call("GET", "/v1/volumes");
      slowestMs = Math.max(slowestMs, performance.now() - start);
    }
  })();
  const start = performance.now();
  const result = await act();
  const ms = performance.now() - start;
  isDone = true;
  await asking;
  return { ms, slowestMs, ...result };
}

/** List all with netctl: when its first text came, and how many lines there were. */
async function list() {
  const child = spawn("netctl", ["ls"], { stdio: ["ignore", "pipe", "inherit"] });
  const start = performance.now();
  let firstMs;
  let lines = 0;
  child.stdout.on("data", (bytes) => {
    firstMs ??= performance.now() - start;
    for (const byte of bytes) if (byte === 10) lines++;
  });
  await once(child, "close");
  return { firstMs, lines };
}

/** A figure of /proc/PID/status, in bytes. */
function statusOf(pid, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}
