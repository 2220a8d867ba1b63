/**
 * Signals by name or number.
 *
 * @module
 */
import { constants } from "node:os";
import { NetdError } from "../../errors.ts";

/** First and last of the real-time signals, as glibc counts them (signal(7)). */
const RTMIN = 34;
const RTMAX = 64;

/** Parse `TERM`, `SIGTERM`, `term`, `15` or `RTMIN+3`; 0 is the signal that only asks whether one could be sent (kill(2)). @throws {NetdError} API_REQUEST_INVALID */
export function parseSignalNumber(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number <= RTMAX) return number;
    throw unknownSignal(text);
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  const [, base, sign = "+", offset = "0"] = /^(RTMIN|RTMAX)(?:([+-])(\d+))?$/.exec(name) ?? [];
  if (base !== undefined) {
    const number = (base === "RTMIN" ? RTMIN : RTMAX) + Number(`${sign}${offset}`);
    if (number >= RTMIN && number <= RTMAX) return number;
    throw unknownSignal(text);
  }
  const number = Object.entries(constants.signals).find(([key]) => key === `SIG${name}`)?.[1];
  if (number === undefined) throw unknownSignal(text);
  return number;
}

function unknownSignal(text: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot send signal "${text}": unknown signal`, {
    remedy: "Give a name like TERM or a number like 15",
  });
}
