// What a thousand containers cost that do nothing: memory of the daemons, and their processor time.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** As many as a bridge has ports, but for a few. */
const COUNT = 1000;
/** How long the daemons are watched, in seconds. */
const WATCH_S = 10;
/** USER_HZ, which is 100 everywhere. */
const TICK_MS = 10;

/** Start the containers, wait until nothing is under way, watch. `start` and `remove` take a number and a lane. */
export async function measureIdle({ pids, residentBytes, timeAll, width, start, remove }) {
  const before = residentBytes(pids);
  const startMs = await timeAll(COUNT, width, start);
  // Hosts files are rewritten, links come up, the kernel's workers end.
  await delay(2000);
  const after = residentBytes(pids);
  const ticks = processorTicks(pids);
  await delay(WATCH_S * 1000);
  const spentMs = (processorTicks(pids) - ticks) * TICK_MS;
  const removalMs = await timeAll(COUNT, width, remove);
  const growth = Object.fromEntries(Object.keys(pids).map((name) => [name, (after[name] - before[name]) / COUNT]));
  return { count: COUNT, startMs, removalMs, growth, spentMs, watchS: WATCH_S };
}

function processorTicks(pids) {
  return Object.values(pids).reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
}
