/**
 * Completion scripts, made from the definitions of the commands.
 *
 * @module
 */
import type { Command } from "commander";

/** A shell that there is a script for. */
export type Shell = "bash" | "zsh" | "fish";

/** Argument names whose values netd knows. */
const KIND_OF_ARGUMENT: Record<string, string> = {
  acl: "acls",
  change: "changes",
  container: "containers",
  image: "images",
  network: "networks",
  "to-network": "networks",
  volume: "volumes",
};

/** What may be typed after one command. `path` is `ps`, or `image ls`. */
interface CompletedCommand {
  path: string;
  summary: string;
  options: CompletedOption[];
  subcommands: string[];
  aliases: string[];
  /** What each argument names, in their order; empty for one that netd knows no values of. */
  kinds: string[];
}

interface CompletedOption {
  flags: string[];
  summary: string;
  /** A word of its own follows it. */
  hasValue: boolean;
  /** What its value names. */
  kind: string | undefined;
}

/** Format the script of a shell for the whole program. */
export function formatCompletion(shell: Shell, program: Command): string {
  const commands = describeCommands(program, "");
  if (shell === "fish") return formatFish(commands);
  const bash = formatBash(commands);
  return shell === "bash" ? bash : `#compdef netctl\nautoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

function describeCommands(parent: Command, prefix: string): CompletedCommand[] {
  return parent.commands.flatMap((command) => {
    const path = `${prefix}${command.name()}`;
    const described: CompletedCommand = {
      path,
      summary: command.description(),
      options: command
        .createHelp()
        .visibleOptions(command)
        .map((option) => ({
          flags: [option.short, option.long].filter((flag) => flag != null),
          summary: option.description,
          hasValue: option.required,
          kind: KIND_OF_ARGUMENT[/<(.*)>/.exec(option.flags)?.[1] ?? ""],
        })),
      subcommands: command.commands.map((sub) => sub.name()),
      aliases: command.aliases(),
      kinds: command.registeredArguments.map((argument) => KIND_OF_ARGUMENT[argument.name()] ?? ""),
    };
    return [described, ...describeCommands(command, `${path} `)];
  });
}

function formatBash(commands: CompletedCommand[]): string {
  const tops = commands.filter(({ path }) => !path.includes(" "));
  const names = tops.flatMap(({ path, aliases }) => [path, ...aliases]);
  const aliases = tops.flatMap(({ path, aliases }) => aliases.map((alias) => `${alias}) path="${path}" ;;`));
  const groups = commands.filter(({ subcommands }) => subcommands.length > 0).map(({ path }) => path);
  const cases = commands.map(({ path, options, subcommands, kinds }) => {
    const words = [...subcommands, ...options.flatMap(({ flags }) => flags)].join(" ");
    const valued = options.filter(({ hasValue }) => hasValue).flatMap(({ flags }) => flags);
    const named = `kinds=(${kinds.map((kind) => `"${kind}"`).join(" ")}); valued="${valued.join(" ")}"`;
    return `    "${path}") words="${words}";${hasKind(kinds) ? ` ${named}` : ""} ;;`;
  });
  const values = [...valueKinds(commands)].map(([kind, flags]) => `${flags.join("|")}) words=""; kind="${kind}" ;;`);
  return `_netctl() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="\${COMP_WORDS[1]}" words="" valued="" kind="" first=2 at=0 i
  local -a kinds
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W "${names.join(" ")} help" -- "$cur"))
    return
  fi
  case "$path" in
    ${aliases.join("\n    ")}
  esac
  case "$path" in
    ${groups.join("|")}) [ "$COMP_CWORD" -gt 2 ] && path="$path \${COMP_WORDS[2]}" && first=3 ;;
  esac
  case "$path" in
${cases.join("\n")}
  esac
  for ((i = first; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*) case " $valued " in *" \${COMP_WORDS[i]} "*) i=$((i + 1)) ;; esac ;;
      *) at=$((at + 1)) ;;
    esac
  done
  if [ "\${#kinds[@]}" -gt 0 ]; then
    [ "$at" -lt "\${#kinds[@]}" ] || at=$((\${#kinds[@]} - 1))
    kind="\${kinds[at]}"
  fi
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    ${values.join("\n    ")}
  esac
  case "$cur" in
    -*) ;;
    *) [ -n "$kind" ] && words="$words $(netctl completion --list "$kind" 2>/dev/null)" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _netctl netctl
`;
}

function hasKind(kinds: string[]): boolean {
  return kinds.some((kind) => kind !== "");
}

/** The flags whose values are names, by what they name. */
function valueKinds(commands: CompletedCommand[]): Map<string, string[]> {
  const flags = new Map<string, Set<string>>();
  for (const option of commands.flatMap(({ options }) => options)) {
    if (option.kind === undefined) continue;
    flags.set(option.kind, new Set([...(flags.get(option.kind) ?? []), ...option.flags]));
  }
  return new Map([...flags].map(([kind, set]) => [kind, [...set]]));
}

function formatFish(commands: CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, summary, options, kinds, aliases }) => {
    const words = path.split(" ");
    const parents = words.slice(0, -1);
    const name = words.at(-1) ?? "";
    const isChosen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const isNext = parents.length === 0 ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${parents.join(" ")}`;
    const listOf = (kind: string): string => `-a "(netctl completion --list ${kind} 2>/dev/null)"`;
    return [
      ...[name, ...aliases].map((each) => `complete -c netctl -n "${isNext}" -a ${each} -d ${quoteFish(summary)}`),
      ...options.map(({ flags, summary: text, kind }) => {
        const value = kind === undefined ? "" : ` -x ${listOf(kind)}`;
        return `complete -c netctl -n "${isChosen}" ${fishFlags(flags)}${value} -d ${quoteFish(text)}`;
      }),
      ...[...new Set(kinds)]
        .filter((kind) => kind !== "")
        .map((kind) => `complete -c netctl -n "${isChosen}" ${listOf(kind)}`),
    ];
  });
  return `complete -c netctl -f\n${lines.join("\n")}\n`;
}

function fishFlags(flags: string[]): string {
  return flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(" ");
}

function quoteFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
