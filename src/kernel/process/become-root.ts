/**
 * Being root of a user namespace that was just entered.
 *
 * @module
 */
import { check } from "../errno.ts";
import { prctl, setgid, setgroups, setuid } from "../libc.ts";

/** linux/prctl.h. */
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
const SIGKILL = 9;

/** Be uid 0 and gid 0 of the user namespace. Groups of the host go: they would be nobody's inside. */
export function becomeRoot(): void {
  check(setgroups(0, new Uint32Array(0)), () => "setgroups()");
  check(setgid(0), () => "setgid(0)");
  check(setuid(0), () => "setuid(0)");
  // Both are forgotten at each change of ids: to die with the parent, and to let nobody look into the process before its exec.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), () => "prctl(PR_SET_DUMPABLE, 0)");
}
