/**
 * The iptables commands, for the one thing that only they can do: speak to a table of theirs without breaking it for its owner.
 *
 * A table that iptables-nft made holds matches of xtables which nft(8) can't print, and refuses to be listed by iptables once nft wrote to it
 * in its own way. So what belongs into such a table is written by the same program.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { NetdError } from "../../errors.ts";
import { withNetns } from "../netns/netns.ts";
import { enterNetns } from "../step/shell.ts";

/** One of the four programs: of either family, over nf_tables or the older interface of x_tables. */
export type IptablesTool = "iptables-nft" | "ip6tables-nft" | "iptables-legacy" | "ip6tables-legacy";

/** Where and with which of the programs. */
export interface IptablesPlace {
  tool: IptablesTool;
  /** A name under /run/netns or a path; absent, the program's own namespace. */
  netns?: string | undefined;
}

/** How long a program may wait for the lock of x_tables, in seconds. */
const LOCK_LIMIT_S = "5";
/** Nothing takes longer, in milliseconds. */
const LIMIT_MS = 20_000;
const OUTPUT_MAX_BYTES = 64 * 2 ** 20;

/** The table `filter` as iptables-save(8) prints it. @throws {NetdError} KERNEL_FEATURE_MISSING, IPTABLES_FAILED */
export function saveIptables({ tool, netns }: IptablesPlace): string {
  return run([...enterNetns(netns), `${tool}-save`, "-t", "filter"], "");
}

/** All tables that are loaded as iptables-save(8) prints them; loads none. @throws {NetdError} KERNEL_FEATURE_MISSING, IPTABLES_FAILED */
export function saveAllIptables({ tool, netns }: IptablesPlace): string {
  return run([...enterNetns(netns), `${tool}-save`], "");
}

/** Carry out text of iptables-restore(8), table by table, and leave the rest of them. @throws {NetdError} KERNEL_FEATURE_MISSING, IPTABLES_FAILED */
export function restoreAllIptables({ tool, netns }: IptablesPlace, text: string): void {
  run([...enterNetns(netns), ...restoreCommand(tool)], text);
}

/** Carry out lines of iptables-restore(8) on the table `filter`, all or nothing, and leave the rest of it. @throws {NetdError} KERNEL_FEATURE_MISSING, IPTABLES_FAILED */
export function restoreIptables({ tool, netns }: IptablesPlace, lines: readonly string[]): void {
  run([...enterNetns(netns), ...restoreCommand(tool)], restoreText(lines));
}

/** Words of the command that {@link restoreIptables} runs. */
export function restoreCommand(tool: IptablesTool): string[] {
  return [`${tool}-restore`, "--noflush", "--wait", LOCK_LIMIT_S];
}

/** Its standard input. */
export function restoreText(lines: readonly string[]): string {
  return ["*filter", ...lines, "COMMIT", ""].join("\n");
}

/** Whether the kernel holds a table `filter` of x_tables itself, which nft(8) does not see: asking any other way would make one. */
export function hasLegacyFilter(family: 4 | 6, netns?: string): boolean {
  const path = `/proc/thread-self/net/${family === 4 ? "ip" : "ip6"}_tables_names`;
  try {
    const names = withNetns(netns, () => readFileSync(path, "utf8"));
    return names.split("\n").includes("filter");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function run([program = "", ...argv]: string[], input: string): string {
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  const result = spawnSync(program, argv, {
    input,
    env,
    encoding: "utf8",
    timeout: LIMIT_MS,
    maxBuffer: OUTPUT_MAX_BYTES,
  });
  const command = [program, ...argv].join(" ");
  if ((result.error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    throw new NetdError("KERNEL_FEATURE_MISSING", `Cannot run '${command}': it is not installed, iptables 1.8 wanted`, {
      remedy: "Install the package iptables",
    });
  }
  if (result.status === 0) return result.stdout;
  const reason = result.stderr?.trim() || result.error?.message || `it ended with ${result.status ?? result.signal}`;
  throw new NetdError("IPTABLES_FAILED", `Cannot change or list iptables with '${command}': ${reason}`, {
    remedy: `See '${program.replace(/-(save|restore)$/, "")}-save'`,
  });
}
