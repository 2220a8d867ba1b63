// The benchmark's part inside the sandbox: node inside.mjs DIRECTORY ROUNDS PARTS DOCKER-SOCKET
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ApiConnection } from "./api-connection.mjs";
import { DnsClient } from "./dns-question.mjs";
import { measureIdle } from "./inside-idle.mjs";
import { compareIpam, FEW, MANY as MANY_LEASES } from "./inside-ipam.mjs";
import { comparePublish, compareTraffic, timeAttach } from "./inside-network.mjs";
import { measureRestart } from "./inside-restart.mjs";
import { compareRuntime, timeExec } from "./inside-runtime.mjs";
import { interleave, median, quantile, timeAll } from "./statistics.mjs";
import { formatMs, formatTable } from "./table.mjs";

const HERE = new URL(".", import.meta.url).pathname;
const [directory, roundsText, partsText, dockerSocket] = process.argv.slice(2);
const parts = partsText.split(",");
const rounds = Number(roundsText);
const rootfs = join(directory, "rootfs");
const LONG = ["sleep", "1000"];
/** How many containers are started at once, and how many requests are under way. */
const [MANY, WIDTH] = [100, 8];

let netd = await startNetd();
const connections = Array.from({ length: WIDTH }, () => new ApiConnection(netd.socket));
let [connection] = connections;
const dns = new DnsClient();
await dns.connect("172.16.0.1");
const byHand = await startByHand();

const rows = [];
const notes = [];
if (parts.includes("start")) await benchStart();
if (parts.includes("command")) await benchCommand();
if (parts.includes("runtime")) await benchRuntime();
if (parts.includes("many")) await benchMany();
if (parts.includes("idle")) await benchIdle();
if (parts.includes("network")) await benchNetwork();
if (parts.includes("publish")) await benchPublish();
if (parts.includes("restart")) await benchRestart();
if (parts.includes("ipam")) await benchIpam();
netd.process.kill("SIGTERM");
await once(netd.process, "exit");
byHand.process.stdin.end();
dns.close();
for (const each of connections) each.close();

process.stdout.write(`${describeMachine()}\n\n`);
process.stdout.write(`${formatTable(["what", "median", "90th", "ratio", "wanted"], rows)}\n\n`);
process.stdout.write(notes.map((note) => `- ${note}\n`).join(""));
spawnSync("netd", ["--state-dir", join(directory, "state"), "--teardown"], { stdio: "inherit" });
process.exit(0);

// ---- the comparisons

/** Until a networked container runs and its name answers, against a shell script until its command runs. */
async function benchStart() {
  const shares = { create: [], start: [], dns: [] };
  const times = await interleave(
    {
      "API: create, start, network, name answers": async (round) => {
        const name = `start-${round}`;
        const marks = [performance.now()];
        await connection.call("POST", "/v1/containers", { image: "busybox", name, command: LONG });
        marks.push(performance.now());
        const container = await connection.call("POST", `/v1/containers/${name}/start`);
        marks.push(performance.now());
        const address = await dns.ask(name);
        marks.push(performance.now());
        if (address !== container.endpoint.address) throw new Error(`${name} is ${address}`);
        shares.create.push(marks[1] - marks[0]);
        shares.start.push(marks[2] - marks[1]);
        shares.dns.push(marks[3] - marks[2]);
        await connection.call("DELETE", `/v1/containers/${name}?force=1`);
        return marks[3] - marks[0];
      },
      "shell script: until its command runs": async (round) => await byHand.start(`hand${round}`),
    },
    { rounds, warmups: 5 },
  );
  addRows(times, "shell script: until its command runs", 0.4);
  const [create, start, answer] = Object.values(shares).map((list) => formatMs(median(list.slice(5))));
  notes.push(`of the API's time: create ${create}, start ${start}, the name's answer ${answer}`);
}

/** A whole process that runs \`true\` in a container and waits for it. */
async function benchCommand() {
  const runcBundle = makeRuncBundle();
  const contestants = {
    "netctl run --rm busybox true": timeCommand("netctl", ["run", "--rm", "busybox", "true"]),
    ...(dockerSocket === ""
      ? {}
      : {
          "docker run --rm busybox true": timeCommand("docker", [
            ...["--host", `unix://${dockerSocket}`],
            ...["run", "--rm", "busybox", "true"],
          ]),
        }),
    ...(runcBundle === undefined
      ? {}
      : { "runc run, no network": timeCommand("runc", ["run", "--bundle", runcBundle, "bench"]) }),
    "node -e 0": timeCommand(process.execPath, ["-e", "0"]),
  };
  const times = await interleave(contestants, { rounds: Math.min(rounds, 20), warmups: 2 });
  addRows(times, dockerSocket === "" ? "node -e 0" : "docker run --rm busybox true", 0.2);
  if (dockerSocket === "") notes.push("docker could not be started here: the ratio is to node -e 0");
}

/** The runtime alone: containers without a network, and further processes in one. */
async function benchRuntime() {
  const { times, shares, yardstick, wanted } = await compareRuntime({ connection, directory, rounds, timeCommand });
  const base = median(times[yardstick]);
  const exec = await timeExec({ connection, rounds });
  for (const [name, list] of Object.entries({ ...times, ...exec.times })) {
    const ratio = name in times ? (median(list) / base).toFixed(2) : "";
    const want = wanted[name] ?? exec.wanted[name] ?? "";
    rows.push([name, formatMs(median(list)), formatMs(quantile(list, 0.9)), ratio, want]);
  }
  const each = Object.entries(shares).map(([name, list]) => `${name} ${formatMs(median(list))}`);
  notes.push(`of the API's time without a network: ${each.join(", ")}`);
}

/** A hundred detached containers, eight requests at a time, and what they cost in memory. */
async function benchIdle() {
  const result = await measureIdle({
    ...{ pids: await helperPids(), residentBytes, timeAll, width: WIDTH },
    start: async (index, lane) => {
      await connections[lane].call("POST", "/v1/containers", {
        image: "busybox",
        name: `idle-${index}`,
        command: LONG,
      });
      await connections[lane].call("POST", `/v1/containers/idle-${index}/start`);
    },
    remove: async (index, lane) => await connections[lane].call("DELETE", `/v1/containers/idle-${index}?force=1`),
  });
  const { count, startMs, removalMs, growth, spentMs, watchS } = result;
  rows.push([`${count} containers, ${WIDTH} at a time: API`, formatMs(startMs), "", "", ""]);
  rows.push([`${count} containers, ${WIDTH} at a time: removal`, formatMs(removalMs), "", "", ""]);
  const both = growth.netd + growth["netd-runtime"];
  rows.push([`memory for each of ${count}: netd, runtime`, formatKb(both), "", "", "≤ 150 kB"]);
  rows.push([`processor time of all daemons, ${watchS} s idle`, formatMs(spentMs), "", "", "none"]);
}

/** Many at a time. */
async function benchMany() {
  const pids = await helperPids();
  const before = residentBytes(pids);
  const time = await timeAll(MANY, WIDTH, async (index, lane) => {
    await connections[lane].call("POST", "/v1/containers", { image: "busybox", name: `many-${index}`, command: LONG });
    await connections[lane].call("POST", `/v1/containers/many-${index}/start`);
  });
  const running = await connection.call("GET", "/v1/containers");
  if (running.length !== MANY) throw new Error(`${running.length} of ${MANY} run`);
  const after = residentBytes(pids);
  const { runtime } = await connection.call("GET", "/v1/info");
  const removal = await timeAll(MANY, WIDTH, async (index, lane) => {
    await connections[lane].call("DELETE", `/v1/containers/many-${index}?force=1`);
  });
  rows.push([`${MANY} containers, ${WIDTH} at a time: API`, formatMs(time), "", "", "≤ 1000 ms"]);
  rows.push([`${MANY} containers, ${WIDTH} at a time: removal`, formatMs(removal), "", "", ""]);
  if (dockerSocket !== "") {
    const count = 16;
    const docker = ["--host", `unix://${dockerSocket}`, "run", "--detach", "--rm", "busybox", ...LONG];
    const detached = await timeAll(count, WIDTH, async () => await timeCommand("docker", docker)());
    rows.push([`${count} containers, ${WIDTH} at a time: docker run -d`, formatMs(detached), "", "", ""]);
  }
  const growth = sum(after) - sum(before);
  rows.push(["memory for each container: netd, runtime, dns", formatKb(growth / MANY), "", "", "≤ 150 kB"]);
  const each = Object.keys(pids).map((name) => `${name} ${formatKb(before[name])} → ${formatKb(after[name])}`);
  notes.push(`resident: ${each.join(", ")}`);
  notes.push(
    `launches: ${runtime.forks} forks, ${runtime.secondForks} of them repeated, ${runtime.slowStarts} slow starts`,
  );
}

/** A container that runs, on one of the connections. */
async function startContainer(name, lane = 0) {
  await connections[lane].call("POST", "/v1/containers", { image: "busybox", name, command: LONG });
  return await connections[lane].call("POST", `/v1/containers/${name}/start`);
}

/** Traffic beside a network made by hand, and the time of joining a network. */
async function benchNetwork() {
  const { throughput, latency } = await compareTraffic({ connection, startContainer });
  for (const [unit, results, wanted] of [
    ["Gbit/s", throughput, "≥ 0.97"],
    ["µs", latency, "≤ 1.05"],
  ]) {
    const entries = Object.entries(results);
    for (const [index, [name, value]] of entries.entries()) {
      const isOurs = index % 2 === 0;
      const ratio = isOurs ? (value / entries[index + 1][1]).toFixed(2) : "1.00";
      rows.push([name, `${value.toPrecision(3)} ${unit}`, "", ratio, isOurs ? wanted : ""]);
    }
  }
  const attach = await timeAttach({ connection, startContainer, rounds });
  const name = "API: connect a running container to a network";
  rows.push([name, formatMs(median(attach)), formatMs(quantile(attach, 0.9)), "", "≤ 5 ms"]);
}

/** What publishing costs on a host that has published much already. */
async function benchPublish() {
  const [count, ports] = [470, 32];
  const { first, next, range } = await comparePublish({
    ...{ connection, startContainer, count, ports, timeAll, width: WIDTH },
  });
  rows.push([`API: publish the first ${ports} ports`, formatMs(first), "", "1.00", ""]);
  const many = `API: publish ${ports} more, after ${count * ports}`;
  rows.push([many, formatMs(next), "", (next / first).toFixed(2), "≤ 1.5"]);
  rows.push(["API: publish 1000 ports as a range", formatMs(range), "", "", "≤ 20 ms"]);
}

/** A start of netd after SIGKILL, with and without containers, and what they notice of it. */
async function benchRestart() {
  const result = await measureRestart({
    ...{ startContainer, timeAll, width: WIDTH, countSteps },
    remove: async (name) => await connection.call("DELETE", `/v1/containers/${name}?force=1`),
    async restart() {
      const ended = once(netd.process, "exit");
      netd.process.kill("SIGKILL");
      await ended;
      const start = performance.now();
      netd = await startNetd();
      for (const [lane, each] of connections.entries()) {
        each.close();
        connections[lane] = new ApiConnection(netd.socket);
      }
      [connection] = connections;
      return { pid: netd.process.pid, readyMs: performance.now() - start };
    },
  });
  const { count, kills, empty, full, sent, lost, applied } = result;
  rows.push(["netd listens after SIGKILL, no containers", formatMs(empty.readyMs), "", "", ""]);
  rows.push([`netd listens after SIGKILL, ${count} containers`, formatMs(full.readyMs), "", "", "≤ 1000 ms"]);
  const each = (full.processorMs - empty.processorMs) / count;
  rows.push(["netd's processor time for each of them", formatMs(each), "", "", ""]);
  rows.push([`packets lost of ${sent}, in ${kills} restarts`, String(lost), "", "", "none"]);
  rows.push([`steps applied, in ${kills} restarts`, String(applied), "", "", "none"]);
  notes.push(`netd's processor time until it listens: ${formatMs(empty.processorMs)}, ${formatMs(full.processorMs)}`);
}

/** How many steps netd has noted in its journal. */
function countSteps() {
  const path = join(directory, "state/journal.ndjson");
  return ["", ".1"]
    .flatMap((suffix) => (existsSync(path + suffix) ? readFileSync(path + suffix, "utf8").split("\n") : []))
    .filter((line) => line !== "").length;
}

/** An address in a network that has given out many, and all of them listed and imported. */
async function benchIpam() {
  const pid = netd.process.pid;
  const result = await compareIpam({ connection, other: connections[1], pid, rounds });
  const { times, imported, listed, residentBefore, peakBefore, growth } = result;
  const base = median(times.few);
  for (const [count, list, wanted] of [
    [FEW, times.few, ""],
    [MANY_LEASES, times.many, "≤ 1.5"],
  ]) {
    const name = `API: create a container, ${count} addresses taken`;
    rows.push([name, formatMs(median(list)), formatMs(quantile(list, 0.9)), (median(list) / base).toFixed(2), wanted]);
  }
  rows.push([`API: import ${MANY_LEASES} leases`, formatMs(imported.ms), "", "", ""]);
  rows.push(["slowest other answer meanwhile", formatMs(imported.slowestMs), "", "", ""]);
  rows.push([`netctl ls of ${listed.lines} lines: first byte`, formatMs(listed.firstMs), "", "", ""]);
  rows.push(["netctl ls: all of it", formatMs(listed.ms), "", "", ""]);
  rows.push(["slowest other answer meanwhile", formatMs(listed.slowestMs), "", "", ""]);
  const memory = `netd has ${formatKb(residentBefore)} with that many leases, at most ${formatKb(peakBefore)} in the import`;
  notes.push(`${memory}; listing them adds ${formatKb(growth)} to that peak`);
}

// ---- contestants

async function startNetd() {
  const state = join(directory, "state");
  mkdirSync(state, { recursive: true });
  const child = spawn("netd", ["--state-dir", state, "--subnet", "172.16.0.0/21"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return { process: child, socket: process.env.NETD_SOCKET };
}

/** A shell that starts by-hand.sh on demand, so that no Node's spawn is in its time. */
async function startByHand() {
  run("ip", ["link", "add", "hand0", "type", "bridge"]);
  run("ip", ["address", "add", "10.99.0.1/16", "dev", "hand0"]);
  run("ip", ["link", "set", "hand0", "up"]);
  const shell = spawn("sh", [], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: shell.stdout });
  return {
    process: shell,
    async start(name) {
      const address = `10.99.1.${1 + (Number(name.slice(4)) % 250)}/16`;
      const arguments_ = [name, address, "10.99.0.1", "hand0", rootfs, "sh", "-c", '"echo up; exec sleep 1000"'];
      const start = performance.now();
      shell.stdin.write(`sh ${HERE}by-hand.sh ${arguments_.join(" ")} &\n`);
      await once(lines, "line");
      const time = performance.now() - start;
      for (const pid of run("ip", ["netns", "pids", name]).split("\n"))
        if (pid !== "") process.kill(Number(pid), "SIGKILL");
      shell.stdin.write("wait; echo ended\n");
      await once(lines, "line");
      run("ip", ["netns", "delete", name]);
      return time;
    },
  };
}

/** A bundle for runc; undefined without runc, or where it can't run here. */
function makeRuncBundle() {
  const bundle = join(directory, "runc");
  mkdirSync(bundle);
  if (spawnSync("runc", ["spec", "--bundle", bundle]).status !== 0) return undefined;
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  config.process.terminal = false;
  config.process.args = ["true"];
  config.root = { path: rootfs, readonly: true };
  config.mounts = config.mounts.filter(({ type }) => type !== "cgroup");
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  if (spawnSync("runc", ["run", "--bundle", bundle, "bench"]).status === 0) return bundle;
  notes.push("runc does not run in this sandbox: left out");
  return undefined;
}

/** A function that runs a command and tells the milliseconds until its exit. */
function timeCommand(command, argv) {
  return async () => {
    const start = performance.now();
    const child = spawn(command, argv, { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`${command} ${argv.join(" ")} ended with ${code}`);
    return performance.now() - start;
  };
}

// ---- measuring and showing

async function helperPids() {
  const { pid, runtime, dns: resolver } = await connection.call("GET", "/v1/info");
  return { netd: pid, "netd-runtime": runtime.pid, "netd-dns": resolver.pid };
}

function residentBytes(pids) {
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => {
      const [, kilobytes] = /^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
      return [name, Number(kilobytes) * 1024];
    }),
  );
}

function addRows(times, yardstick, wanted) {
  const base = median(times[yardstick]);
  for (const [index, [name, list]] of Object.entries(times).entries()) {
    const ratio = (median(list) / base).toFixed(2);
    rows.push([name, formatMs(median(list)), formatMs(quantile(list, 0.9)), ratio, index === 0 ? `≤ ${wanted}` : ""]);
  }
}

function describeMachine() {
  const version = (command) => spawnSync(command, ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0] ?? "";
  const parts = [
    `${cpus().length} cores of ${cpus()[0].model.trim()}`,
    `Linux ${release().split("-")[0]}`,
    `Node ${process.versions.node}`,
    ...(dockerSocket === "" ? [] : [version("docker").replace(/, build.*/, "")]),
    version("runc").replace("version ", ""),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function formatKb(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}

function sum(record) {
  return Object.values(record).reduce((total, value) => total + value, 0);
}

function run(command, argv) {
  const { status, stdout, stderr } = spawnSync(command, argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${argv.join(" ")}: ${stderr}`);
  return stdout;
}
