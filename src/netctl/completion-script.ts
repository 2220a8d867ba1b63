/**
 * Completion scripts, made from the definitions of the commands.
 *
 * @module
 */
import type { Command } from "commander";

/** A shell that there is a script for. */
export type Shell = "bash" | "zsh" | "fish";

/** Argument names whose values netd knows. */
const KIND_OF_ARGUMENT: Record<string, string> = { container: "containers", image: "images", network: "networks" };

/** What may be typed after one command. `path` is `ps`, or `image ls`. */
interface CompletedCommand {
  path: string;
  summary: string;
  options: { flags: string[]; summary: string }[];
  subcommands: string[];
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
        })),
      subcommands: command.commands.map((sub) => sub.name()),
      kind: KIND_OF_ARGUMENT[command.registeredArguments[0]?.name() ?? ""],
    };
    return [described, ...describeCommands(command, `${path} `)];
  });
}

function formatBash(commands: CompletedCommand[]): string {
  const names = commands.filter(({ path }) => !path.includes(" ")).map(({ path }) => path);
  const groups = commands.filter(({ subcommands }) => subcommands.length > 0).map(({ path }) => path);
  const cases = commands.map(({ path, options, subcommands, kind }) => {
    const words = [...subcommands, ...options.flatMap(({ flags }) => flags)].join(" ");
    return `    "${path}") words="${words}"; kind="${kind ?? ""}" ;;`;
  });
  return `_netctl() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="\${COMP_WORDS[1]}" words="" kind=""
  if [ "$COMP_CWORD" -le 1 ]; then
    COMPREPLY=($(compgen -W "${names.join(" ")} help" -- "$cur"))
    return
  fi
  case "$path" in
    ${groups.join("|")}) [ "$COMP_CWORD" -gt 2 ] && path="$path \${COMP_WORDS[2]}" ;;
  esac
  case "$path" in
${cases.join("\n")}
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

function formatFish(commands: CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, summary, options, kind }) => {
    const words = path.split(" ");
    const parents = words.slice(0, -1);
    const name = words.at(-1) ?? "";
    const isChosen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const isNext = parents.length === 0 ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${parents.join(" ")}`;
    const kindLine = `complete -c netctl -n "${isChosen}" -a "(netctl completion --list ${kind} 2>/dev/null)"`;
    return [
      `complete -c netctl -n "${isNext}" -a ${name} -d ${quoteFish(summary)}`,
      ...options.map(
        (option) => `complete -c netctl -n "${isChosen}" ${fishFlags(option.flags)} -d ${quoteFish(option.summary)}`,
      ),
      ...(kind === undefined ? [] : [kindLine]),
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
