/**
 * Places where a test can have a process die as if it were killed at that moment.
 *
 * A test names a file in NETD_TEST_FAULT_FILE before it starts netd, and writes `NAME` or `NAME COUNT` into it: the process that comes to
 * the place of that name, for the COUNTth time, removes the file and dies. Without the variable nothing here does anything.
 *
 * @module
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";

const FAULT_FILE = process.env.NETD_TEST_FAULT_FILE;

/** Die of SIGKILL here if a test wants it. */
export function faultPoint(name: string): void {
  if (FAULT_FILE === undefined || !isArmed(FAULT_FILE, name)) return;
  process.kill(process.pid, "SIGKILL");
}

/** Take the rest of the armed name when it begins with `prefix`: for who dies in another way. */
export function takeFault(prefix: string): string | undefined {
  if (FAULT_FILE === undefined) return undefined;
  const [name = ""] = readArmed(FAULT_FILE);
  return name.startsWith(prefix) && isArmed(FAULT_FILE, name) ? name.slice(prefix.length) : undefined;
}

function isArmed(file: string, name: string): boolean {
  const [armed, count = "1"] = readArmed(file);
  if (armed !== name) return false;
  if (Number(count) > 1) {
    writeFileSync(file, `${name} ${Number(count) - 1}`);
    return false;
  }
  rmSync(file);
  return true;
}

function readArmed(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trim().split(" ");
  } catch {
    return [];
  }
}
