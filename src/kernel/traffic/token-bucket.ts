/**
 * How a token bucket filter is set for a rate (tc-tbf(8)). Pure.
 *
 * @module
 */

/** The parameters of a token bucket filter. */
export interface TokenBucket {
  /** Bytes a second. */
  rate: number;
  /** Bytes that may go at once after a pause. */
  burst: number;
  /** Bytes that may wait, tokens included; what comes on top is dropped. */
  limit: number;
}

/** Time for which tokens are saved up: short enough that a second's average holds, long enough for the clock of a busy machine. */
const BURST_S = 0.02;
/** Four full frames. Smaller, and a large MTU never passes. */
const BURST_MIN = 4 * 1514;
/** Time for which what is too much waits before it is dropped, so that TCP slows down before it loses. */
const WAIT_S = 0.1;
/** Room for the first window of a few connections however slow the rate (RFC 6928: 10 segments each). */
const WAIT_MIN = 64 * 1024;
/** `limit` and `burst` are 32 bits wide (linux/pkt_sched.h, struct tc_tbf_qopt). */
const MOST = 0x7fff_ffff;

/** Plan the filter for a rate in bits a second. */
export function planTokenBucket(bitsPerSecond: number): TokenBucket {
  const rate = Math.max(1, Math.floor(bitsPerSecond / 8));
  const burst = Math.min(MOST, Math.max(BURST_MIN, Math.ceil(rate * BURST_S)));
  const limit = Math.min(MOST, burst + Math.max(WAIT_MIN, Math.ceil(rate * WAIT_S)));
  return { rate, burst, limit };
}
