/**
 * Text for `sh` that can't be misread (POSIX shell command language, 2.2 Quoting and 2.7.4 Here-Document).
 *
 * @module
 */

/** Quote one word for `sh`; words that need no quotes stay as they are. */
export function shellQuote(word: string): string {
  if (/^[A-Za-z0-9_@%+:,./=-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Join words to a command. */
export function shellCommand(...words: string[]): string {
  return words.map(shellQuote).join(" ");
}

/** A command with text on its standard input. The text ends with a line end. */
export function shellHeredoc(command: string, text: string): string {
  const lines = text.replace(/\n$/, "").split("\n");
  let delimiter = "EOF";
  while (lines.includes(delimiter)) delimiter += "_";
  return [`${command} <<'${delimiter}'`, ...lines, delimiter].join("\n");
}

/** Words that run a command inside a network namespace; none for the own one. */
export function enterNetns(netns: string | undefined): string[] {
  if (netns === undefined) return [];
  return ["nsenter", `--net=${netns.startsWith("/") ? netns : `/run/netns/${netns}`}`];
}

/** Words that run `ip` inside a network namespace. */
export function ipIn(netns: string | undefined): string[] {
  if (netns === undefined) return ["ip"];
  return netns.startsWith("/") ? [...enterNetns(netns), "ip"] : ["ip", "-n", netns];
}
