/**
 * Processes as `ps -ef` prints them, read from /proc.
 *
 * Source: proc_pid_stat(5), proc_stat(5), ps(1) "STANDARD FORMAT SPECIFIERS".
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Headings of {@link listProcessTable}. */
export const PROCESS_TITLES = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"];

/** USER_HZ: 100 on every architecture that we know. */
const TICKS_A_SECOND = 100;
const DAY_MS = 86_400_000;
/** Majors of pseudo terminals and of consoles (Documentation/admin-guide/devices.txt). */
const PTS_MAJOR = 136;
const PTS_MAJOR_LAST = 143;
const TTY_MAJOR = 4;

/** List processes, one row each; those that are gone are left out. */
export function listProcessTable(pids: readonly number[], nowMs: number): string[][] {
  const bootMs = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? 0) * 1000;
  const users = readUsers();
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      const uid = /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1] ?? "0";
      return [formatRow(pid, stat, { user: users.get(uid) ?? uid, commandLine, bootMs, nowMs })];
    } catch {
      return [];
    }
  });
}

/** What a row needs besides /proc/PID/stat. */
interface RowFacts {
  user: string;
  commandLine: string;
  bootMs: number;
  nowMs: number;
}

function formatRow(pid: number, stat: string, { user, commandLine, bootMs, nowMs }: RowFacts): string[] {
  const close = stat.lastIndexOf(")");
  const fields = stat.slice(close + 2).split(" ");
  // fields[0] is field 3 of the manual.
  const field = (number: number): number => Number(fields[number - 3]);
  const cpuSeconds = (field(14) + field(15)) / TICKS_A_SECOND;
  const startMs = bootMs + (field(22) / TICKS_A_SECOND) * 1000;
  const ranSeconds = Math.max(1, (nowMs - startMs) / 1000);
  return [
    user,
    String(pid),
    String(field(4)),
    String(Math.min(99, Math.floor((cpuSeconds / ranSeconds) * 100))),
    formatStart(startMs, nowMs),
    formatTerminal(field(7)),
    formatDuration(cpuSeconds),
    commandLine === "" ? `[${stat.slice(stat.indexOf("(") + 1, close)}]` : commandLine,
  ];
}

/** Today the time, else the day. */
function formatStart(startMs: number, nowMs: number): string {
  const start = new Date(startMs);
  if (nowMs - startMs < DAY_MS) return start.toTimeString().slice(0, 5);
  return start.toDateString().slice(4, 10).replace(" ", "");
}

function formatTerminal(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (device === 0) return "?";
  if (major >= PTS_MAJOR && major <= PTS_MAJOR_LAST) return `pts/${(major - PTS_MAJOR) * 256 + minor}`;
  return major === TTY_MAJOR ? `tty${minor}` : `${major}:${minor}`;
}

function formatDuration(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Users of the host by uid; a host without the file has numbers only. */
function readUsers(): Map<string, string> {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return new Map(lines.map((line) => line.split(":")).map(([name = "", , uid = ""]) => [uid, name] as const));
  } catch {
    return new Map();
  }
}
