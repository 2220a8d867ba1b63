/**
 * Lines of the CRI log format: `2026-11-22T04:00:00.000000000Z stdout F text`.
 *
 * A piece of output that does not end in a newline becomes a `P` line at once; joining texts, with a newline after each `F`, gives the
 * output back byte for byte.
 *
 * Source: kubernetes design proposal "CRI: dockershim log format", kubelet pkg/kubelet/kuberuntime/logs.
 *
 * @module
 */

/** Stream that a log line came from. */
export type OutputStream = "stdout" | "stderr";

/** What lines held. */
export interface LogLineCount {
  /** Of output: what stands before each text is not counted, its newline is. */
  bytes: number;
  /** Those that ended. */
  lines: number;
}

const NEWLINE = 0x0a;
const PARTIAL = 0x50;
/** Length of all that stands before the text. */
const PREFIX_BYTES = "2026-11-22T04:00:00.000000000Z stdout F ".length;
const TAG_AT = PREFIX_BYTES - 2;

/** Format output that came at `time` (milliseconds since the epoch) as log lines. Bytes that are no text stay as they are. */
export function formatLogLines(stream: OutputStream, output: Buffer, time: number): Buffer {
  if (output.length === 0) return output;
  const prefix = Buffer.from(`${new Date(time).toISOString().replace("Z", "000000Z")} ${stream} F `);
  const lines = Buffer.allocUnsafe(output.length + (countNewlines(output) + 1) * PREFIX_BYTES + 1);
  let at = 0;
  for (let from = 0; from < output.length; ) {
    lines.set(prefix, at);
    const newline = output.indexOf(NEWLINE, from);
    const end = newline < 0 ? output.length : newline + 1;
    if (newline < 0) lines[at + TAG_AT] = PARTIAL;
    at += PREFIX_BYTES;
    // Copying short lines costs less here than the call that copies long ones.
    if (end - from < 64) for (let byte = from; byte < end; byte++) lines[at++] = output[byte]!;
    else at += output.copy(lines, at, from, end);
    from = end;
  }
  if (lines[at - 1] !== NEWLINE) lines[at++] = NEWLINE;
  return lines.subarray(0, at);
}

/** Count what whole lines of {@link formatLogLines} hold. */
export function countLogLines(lines: Buffer): LogLineCount {
  const count: LogLineCount = { bytes: 0, lines: 0 };
  for (let from = 0; from < lines.length; ) {
    const end = lines.indexOf(NEWLINE, from) + 1;
    const isPartial = lines[from + TAG_AT] === PARTIAL;
    count.bytes += end - from - PREFIX_BYTES - (isPartial ? 1 : 0);
    if (!isPartial) count.lines++;
    from = end;
  }
  return count;
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === NEWLINE) count++;
  return count;
}
