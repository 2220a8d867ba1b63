/**
 * A line of a container's log, `TIME STREAM TAG TEXT`: the CRI log format of kubernetes/cri-api.
 *
 * @module
 */

/** What stands before the text of a log line. */
export interface LogLineHead {
  /** RFC 3339 with nine digits of the second, in UTC: sorts as the times do. */
  time: string;
  stream: "stdout" | "stderr";
  /** The text goes on in the next line of the same stream. */
  isPartial: boolean;
  /** Bytes before the text. */
  length: number;
}

/** No line's head is longer. */
export const HEAD_MAX_BYTES = 64;

const HEAD = /^(\S+) (stdout|stderr) ([FP]) ?/;

/** Parse the head of the log line that `line` begins with; undefined when it is no log line. */
export function parseLogLineHead(line: Buffer): LogLineHead | undefined {
  const match = HEAD.exec(line.toString("latin1", 0, HEAD_MAX_BYTES));
  if (match === null) return undefined;
  const [head, time = "", stream, tag] = match;
  return { time, stream: stream as LogLineHead["stream"], isPartial: tag === "P", length: head.length };
}
