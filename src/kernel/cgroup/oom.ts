/**
 * The OOM killer's deeds in a cgroup.
 *
 * @module
 */
import { closeSync, constants, existsSync, openSync, read, watch, writeFileSync, writeSync } from "node:fs";
import { check } from "../errno.ts";
import { fsCall } from "../fs-call.ts";
import { eventfd } from "../libc.ts";
import type { CgroupLayout } from "./layout.ts";
import { readPairs } from "./stat-files.ts";

/** A count of one, as an eventfd takes it (eventfd(2)). */
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

/** How many processes of a cgroup, and of those below it, the OOM killer has killed; 0 when nobody counts. */
export function readOomKills({ version, unified, v1 }: CgroupLayout, path: string): number {
  if (version === "v2") return Number(readPairs(`${unified}${path}/memory.events`).oom_kill ?? 0);
  return Number(readPairs(`${v1.memory}${path}/memory.oom_control`).oom_kill ?? 0);
}

/** What {@link watchOom} tells. */
export interface OomListener {
  /** The cgroup ran out of memory. */
  onOom(): void;
  /** The cgroup is gone, and nothing more is told. */
  onGone(): void;
}

/**
 * Tell each time that a cgroup runs out of memory, until the returned function is called or the cgroup is removed.
 *
 * Holds a thread of node's pool in version 1: for a program that watches one container.
 */
export function watchOom(layout: CgroupLayout, path: string, listener: OomListener): () => void {
  return layout.version === "v2" ? watchV2(layout, path, listener) : watchV1(`${layout.v1.memory}${path}`, listener);
}

/** The kernel adds one to the eventfd at each event, and once more when the cgroup goes (memory.rst, "OOM Control"). */
function watchV1(directory: string, { onOom, onGone }: OomListener): () => void {
  const events = check(eventfd(), () => "eventfd()");
  const file = `${directory}/memory.oom_control`;
  const control = fsCall(`open ${file}`, () => openSync(file, constants.O_RDONLY));
  const registration = `${directory}/cgroup.event_control`;
  fsCall(`write ${registration}`, () => writeFileSync(registration, `${events} ${control}`));
  const count = Buffer.alloc(8);
  let isStopped = false;
  const end = (): void => {
    closeSync(events);
    closeSync(control);
  };
  const waitForNext = (): void => {
    read(events, count, 0, count.length, null, () => {
      if (isStopped) {
        end();
      } else if (!existsSync(registration)) {
        end();
        onGone();
      } else {
        onOom();
        waitForNext();
      }
    });
  };
  waitForNext();
  return () => {
    isStopped = true;
    // The reader wakes up and lets go of the descriptors.
    writeSync(events, ONE);
  };
}

function watchV2(layout: CgroupLayout, path: string, { onOom, onGone }: OomListener): () => void {
  const directory = `${layout.unified}${path}`;
  let kills = readOomKills(layout, path);
  const watcher = watch(`${directory}/memory.events`, () => {
    const now = readOomKills(layout, path);
    if (now > kills) onOom();
    kills = now;
  });
  watcher.on("error", () => {});
  // Of version 2 this file tells when the last process has gone.
  const life = watch(`${directory}/cgroup.events`, () => {
    if (existsSync(directory) && readPairs(`${directory}/cgroup.events`).populated !== 0) return;
    stop();
    onGone();
  });
  life.on("error", () => {});
  const stop = (): void => {
    watcher.close();
    life.close();
  };
  return stop;
}
