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

const NEWLINE = 0x0a;

/** Format output that came at `time` (milliseconds since the epoch) as log lines. Bytes that are no text stay as they are. */
export function formatLogLines(stream: OutputStream, output: Buffer, time: number): Buffer {
  const stamp = new Date(time).toISOString().replace("Z", "000000Z");
  const whole = Buffer.from(`${stamp} ${stream} F `);
  const pieces: Buffer[] = [];
  let from = 0;
  for (let end = output.indexOf(NEWLINE); end >= 0; end = output.indexOf(NEWLINE, from)) {
    pieces.push(whole, output.subarray(from, end + 1));
    from = end + 1;
  }
  if (from < output.length) pieces.push(Buffer.from(`${stamp} ${stream} P `), output.subarray(from), Buffer.from("\n"));
  return Buffer.concat(pieces);
}
