/**
 * Being root of a user namespace that was just entered.
 *
 * @module
 */
import { check } from "../errno.ts";
import { prctl, setgid, setgroups, setuid } from "../libc.ts";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** Be uid 0 and gid 0 of the user namespace. Groups of the host go: they would be nobody's inside. */
export function becomeRoot(): void {
  check(setgroups(0, new Uint32Array(0)), () => "setgroups()");
  check(setgid(0), () => "setgid(0)");
  check(setuid(0), () => "setuid(0)");
  // Forgotten at each change of ids.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}
