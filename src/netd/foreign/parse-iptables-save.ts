/**
 * Reads what iptables-save(8) prints of the table `filter`.
 *
 * @module
 */
import { isInBlock } from "./address-block.ts";
import {
  type ForeignChain,
  type ForeignRule,
  matchLink,
  negate,
  type RuleAction,
  type RuleMatch,
  unknownMatch,
} from "./foreign-rules.ts";

/** Parse the text into chains by name. What is not understood becomes a match that nobody can decide. */
export function parseIptablesSave(text: string): Map<string, ForeignChain> {
  const rules = new Map<string, ForeignRule[]>();
  const chains = new Map<string, ForeignChain>();
  for (const line of text.split("\n")) {
    const declared = /^:(\S+) (\S+)/.exec(line);
    if (declared !== null) {
      const [, name = "", policy = "-"] = declared;
      const own: ForeignRule[] = [];
      rules.set(name, own);
      const isBase = policy !== "-";
      chains.set(name, {
        name,
        rules: own,
        ...(isBase && { hook: name.toLowerCase(), policy: policy === "DROP" ? "drop" : "accept" }),
      });
    } else if (line.startsWith("-A ")) {
      const [, chain = "", ...words] = splitWords(line);
      rules.get(chain)?.push({ ...parseRule(words), text: line });
    }
  }
  return chains;
}

/** Split at blanks, as the shell would: iptables-save quotes with `"` and escapes with a backslash. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted.replace(/\\(.)/g, "$1"),
  );
}

function parseRule(words: readonly string[]): Pick<ForeignRule, "matches" | "action"> {
  const matches: RuleMatch[] = [];
  let isNegated = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const value = words[at + 1] ?? "";
    if (word === "!") {
      isNegated = true;
      continue;
    }
    // What follows a target are its own options.
    if (word === "-j" || word === "-g") return { matches, action: parseTarget(word, value) };
    const match = word === "-m" || word === "--comment" ? null : parseMatch(word, value);
    if (match !== null) matches.push(isNegated ? negate(match) : match);
    isNegated = false;
    while (at + 1 < words.length && !/^(-|!$)/.test(words[at + 1] ?? "")) at++;
  }
  return { matches, action: { kind: "none" } };
}

function parseTarget(option: string, target: string): RuleAction {
  switch (target) {
    case "ACCEPT":
      return { kind: "accept" };
    case "DROP":
    case "REJECT":
      return { kind: "drop" };
    case "RETURN":
      return { kind: "return" };
    default:
      // LOG, MARK and the like are no chains: whoever follows the jump finds none and goes on.
      return { kind: option === "-g" ? "goto" : "jump", chain: target };
  }
}

function parseMatch(option: string, value: string): RuleMatch {
  switch (option) {
    case "-i":
      return matchLink("from", value, "+");
    case "-o":
      return matchLink("to", value, "+");
    case "-s":
      return ({ source }) => isInBlock(source, value);
    case "-d":
      return ({ destination }) => isInBlock(destination, value);
    case "-p":
      return ({ protocol }) => value === "all" || value === protocol;
    case "--ctstate":
    case "--state":
      return ({ state, isDnat }) => {
        const wanted = value.split(",");
        return wanted.includes(state.toUpperCase()) || (isDnat && wanted.includes("DNAT"));
      };
    case "--ctstatus":
      return ({ isDnat }) => (value === "DNAT" ? isDnat : undefined);
    case "--dport":
    case "--dports":
      return ({ port }) => value.split(",").some((range) => isInRange(port, range));
    case "--dst-type":
      return ({ hook }) => (hook === "input") === (value === "LOCAL");
    default:
      return unknownMatch;
  }
}

function isInRange(port: number, range: string): boolean {
  const [first = "", last = first] = range.split(":");
  return port >= Number(first || 0) && port <= Number(last || 65_535);
}
