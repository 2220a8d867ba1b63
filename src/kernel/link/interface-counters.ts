/**
 * What went through the links of a process's network namespace.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Counters of one link, from its own point of view; the names are those of runc's statistics. */
export interface InterfaceCounters {
  Name: string;
  RxBytes: number;
  RxPackets: number;
  RxErrors: number;
  RxDropped: number;
  TxBytes: number;
  TxPackets: number;
  TxErrors: number;
  TxDropped: number;
}

/** Read the counters in the namespace of process `pid`, loopback left out; none when it is gone. */
export function readInterfaceCounters(pid: number): InterfaceCounters[] {
  try {
    return parseInterfaceCounters(readFileSync(`/proc/${pid}/net/dev`, "utf8"));
  } catch {
    return [];
  }
}

/** Parse /proc/PID/net/dev (proc_pid_net(5)): two heading lines, then eight figures received and eight sent. */
export function parseInterfaceCounters(text: string): InterfaceCounters[] {
  return text.split("\n").flatMap((line) => {
    const [, name, rest] = /^\s*([^:\s]+):(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined || name === "lo") return [];
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0, , , , , ...sent] = rest
      .trim()
      .split(/\s+/)
      .map(Number);
    const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = sent;
    return [
      {
        Name: name,
        ...{ RxBytes: rxBytes, RxPackets: rxPackets, RxErrors: rxErrors, RxDropped: rxDropped },
        ...{ TxBytes: txBytes, TxPackets: txPackets, TxErrors: txErrors, TxDropped: txDropped },
      },
    ];
  });
}
