/** `netctl drift` and `netctl doctor`. @module */
import type { Command } from "commander";
import { type DoctorFinding, type DriftItem, healDrift, repairDoctor } from "../../api/index.ts";
import { addCommonOptions, addExamples } from "../command-options.ts";
import { type CommonOptions, clientOf, type NetctlContext } from "../context.ts";
import { printCommands, printJson } from "../output.ts";
import { escapeControls } from "../table.ts";

interface DriftOptions extends CommonOptions {
  heal?: boolean;
  exitCode?: boolean;
}

const ITEM_PREFIX: Record<DriftItem["kind"], string> = { missing: "-", changed: "~", foreign: "+" };

/** Where doctor looks. */
const BY_HAND = [
  "ip -details link show",
  "ip route show table all",
  "sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding",
  "nft list ruleset",
  "iptables-save",
];

/** Define `drift`. */
export function defineDrift(command: Command, context: NetctlContext): void {
  command
    .option("--heal", "put back what is missing or changed, whatever the networks' policies say")
    .option("--exit-code", "exit with 1 when something is missing or changed");
  addCommonOptions(command);
  addExamples(command, "netctl drift", "netctl drift --show     the commands that mend it", "netctl drift --heal");
  command.action(async (options: DriftOptions) => {
    const client = clientOf(options, context);
    if (options.show) {
      const commands = (await client.drift()).flatMap((item) => item.commands);
      return printCommands(commands, options, context);
    }
    const items = options.heal ? await client.apply(healDrift()) : await client.drift();
    if (options.json) printJson(items, context);
    else context.stdout.write(formatDrift(items, options.heal === true));
    if (options.exitCode && items.some(({ kind }) => kind !== "foreign")) context.exitCode = 1;
  });
}

/** Define `doctor`. */
export function defineDoctor(command: Command, context: NetctlContext): void {
  command.option("--repair", "mend what can be mended, and look again");
  addCommonOptions(command);
  addExamples(command, "netctl doctor", "netctl doctor --repair", "netctl doctor --repair --show");
  command.action(async (options: CommonOptions & { repair?: boolean }) => {
    const client = clientOf(options, context);
    if (options.show) {
      const mending = options.repair ? (await client.drift()).flatMap((item) => item.commands) : BY_HAND;
      return printCommands(mending, options, context);
    }
    const findings = options.repair ? await client.apply(repairDoctor()) : await client.doctor();
    if (options.json) printJson(findings, context);
    else context.stdout.write(formatFindings(findings));
    if (findings.some(({ level }) => level === "problem")) context.exitCode = 1;
  });
}

/** Format differences: `-` is missing, `~` changed, `+` a stranger's; below each, the commands that mend it. */
export function formatDrift(items: DriftItem[], isHealed: boolean): string {
  if (items.length === 0) return isHealed ? "Nothing to put back\n" : "Nothing is missing or changed\n";
  return items
    .map(({ kind, object, text, commands }) =>
      [`${ITEM_PREFIX[kind]} ${object}: ${text}`, ...(isHealed ? [] : commands.map((line) => `    ${line}`))]
        .map((line) => `${escapeControls(line)}\n`)
        .join(""),
    )
    .join("");
}

/** Format findings: the level, what it is, and what to try. */
export function formatFindings(findings: DoctorFinding[]): string {
  return findings
    .flatMap(({ level, text, remedy }) => [
      `${level.padEnd("warning".length)}   ${text}`,
      ...(remedy === undefined ? [] : [`${" ".repeat("warning".length)}     try: ${remedy}`]),
    ])
    .map((line) => `${escapeControls(line)}\n`)
    .join("");
}
