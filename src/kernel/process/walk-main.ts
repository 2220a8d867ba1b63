/**
 * The slow start's own process: a fresh Node that walks the steps of its parent.
 *
 * @module
 */
import { fstatSync, readSync } from "node:fs";
import { check } from "../errno.ts";
import { fcntl, prctl, unshare } from "../libc.ts";
import { WALKER_NAME } from "./fork-server.ts";
import { continueInChild } from "./fork-step.ts";
import { nameProcess } from "./process-name.ts";
import type { ProcessStep } from "./process-step.ts";
import { findNodeFdMax, walkSteps } from "./walk-steps.ts";

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const PR_SET_DUMPABLE = 4;
const CLONE_FS = 0x200;

/** Walk the steps that are in `stepsFd` as JSON; `reportFd` and `ackFd` are pipes to the parent. Never returns. */
export function walkMain(stepsFd: number, reportFd: number, ackFd: number): never {
  // Its exec has made us one that others may look into.
  check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), () => "prctl(PR_SET_DUMPABLE, 0)");
  nameProcess(WALKER_NAME);
  for (const fd of [stepsFd, reportFd, ackFd]) check(fcntl(fd, F_SETFD, FD_CLOEXEC), () => `fcntl(${fd}, F_SETFD)`);
  // Node has a second thread, with which a mount namespace may not be entered while the two share a working directory.
  check(unshare(CLONE_FS), () => "unshare(CLONE_FS)");
  const text = Buffer.alloc(fstatSync(stepsFd).size);
  readSync(stepsFd, text, 0, text.length, 0);
  const steps = JSON.parse(text.toString("utf8")) as ProcessStep[];
  // No process with threads may enter a user or time namespace, but a child of it, which has one thread, may.
  if (steps.some(({ op }) => op === "process.fork")) continueInChild(reportFd);
  return walkSteps(() => steps, { reportFd, ackFd, nodeFdMax: findNodeFdMax() });
}
