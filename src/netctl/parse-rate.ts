/**
 * Rates as tc(8) writes them: 10mbit, 1gbit, 500kbps.
 *
 * @module
 */
import { UsageError } from "./usage-error.ts";

/** `k`, `m`, `g` and `t` count by 1000, or with an `i` behind by 1024; `bit` are bits, `bps` bytes a second: tc(8), "RATES". */
const RATE = /^(\d+(?:\.\d+)?)(?:([kmgt])(i?))?(bit|bps)?$/i;
const POWER: Record<string, number> = { k: 1, m: 2, g: 3, t: 4 };
/** What netd takes: at least 8 kbit. */
const LEAST_BPS = 8_000;

/** Make a parser of rates for `option`, in bits a second. `none`, and 0, mean no limit and give 0. */
export function rateParser(option: string): (text: string) => number {
  return (text) => {
    if (text === "none" || text === "0") return 0;
    const [whole, digits, prefix, binary, unit] = RATE.exec(text) ?? [];
    if (whole === undefined || (prefix !== undefined && unit === undefined)) {
      throw new UsageError(
        `Cannot read ${option} '${text}': a number and a unit such as kbit, mbit, gbit wanted`,
        `${option} 10mbit`,
      );
    }
    const base = binary === undefined || binary === "" ? 1000 : 1024;
    const bits = unit?.toLowerCase() === "bps" ? 8 : 1;
    const rate = Math.round(Number(digits) * base ** (POWER[prefix?.toLowerCase() ?? ""] ?? 0) * bits);
    if (rate >= LEAST_BPS && rate <= 1e11) return rate;
    throw new UsageError(
      `Cannot limit to '${text}', which is ${rate} bits a second: 8kbit to 100gbit wanted`,
      `${option} 10mbit`,
    );
  };
}
