// A netd that is killed and started again while many containers run and some of them ping.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { median } from "./statistics.mjs";

/** How many containers run. */
const COUNT = 400;
/** How often netd is killed. */
const KILLS = 7;
/** How many of the containers ping, each a neighbour and the internet, and how often. */
const [PINGERS, PING_S] = [4, 0.01];
const INTERNET = "203.0.113.80";

/**
 * Time from the start of the command to its word that it listens. `restart` kills netd and resolves when the next one listens, with its pid;
 * `countSteps` tells how many steps netd has applied since the beginning.
 */
export async function measureRestart({ startContainer, remove, timeAll, width, restart, countSteps }) {
  const empty = [];
  for (let kill = 0; kill < KILLS; kill++) empty.push(await timeStart(restart));
  const containers = [];
  await timeAll(COUNT, width, async (index, lane) => {
    containers[index] = await startContainer(`restart-${index}`, lane);
  });
  // Hosts files are rewritten, links come up.
  await delay(2000);
  const pings = containers.slice(0, PINGERS).flatMap(({ name }, index) => {
    const neighbour = containers.at(-1 - index).endpoint.address;
    return [startPing(name, neighbour), startPing(name, INTERNET)];
  });
  const steps = countSteps();
  const full = [];
  for (let kill = 0; kill < KILLS; kill++) {
    full.push(await timeStart(restart));
    await delay(300);
  }
  const applied = countSteps() - steps;
  const answers = await Promise.all(pings.map(endPing));
  await timeAll(COUNT, width, async (index) => await remove(`restart-${index}`));
  return {
    ...{ count: COUNT, kills: KILLS, applied },
    empty: summary(empty),
    full: summary(full),
    sent: answers.reduce((sum, { sent }) => sum + sent, 0),
    lost: answers.reduce((sum, { sent, received }) => sum + sent - received, 0),
  };
}

/** Milliseconds that pass, and those of the processor's that netd takes. */
async function timeStart(restart) {
  const { pid, readyMs } = await restart();
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // In ticks of 10 ms (USER_HZ is 100 everywhere).
  return { readyMs, processorMs: (Number(fields[11]) + Number(fields[12])) * 10 };
}

function summary(starts) {
  return {
    readyMs: median(starts.map(({ readyMs }) => readyMs)),
    processorMs: median(starts.map(({ processorMs }) => processorMs)),
  };
}

function startPing(netns, address) {
  const argv = [`--net=/run/netns/${netns}`, "busybox", "ping", "-i", String(PING_S), address];
  const child = spawn("nsenter", argv, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (bytes) => {
    text += bytes;
  });
  return { child, closed: once(child, "close"), read: () => text };
}

/** End a ping, and count up to its last answer: what was under way at the end is not lost. */
async function endPing({ child, closed, read }) {
  child.kill("SIGINT");
  await closed;
  const answered = [...read().matchAll(/ seq=(\d+) /g)].map(([, seq]) => Number(seq));
  return { sent: Math.max(...answered) + 1, received: new Set(answered).size };
}
