/**
 * Sets of numbers as the kernel takes them.
 *
 * @module
 */

/** Format a list as in cpuset(7), `0-3,7`, as a mask with one bit a number; numbers from `bits` on are left out. */
export function formatBitMask(list: string, bits: number): Buffer {
  const mask = Buffer.alloc(bits / 8);
  for (const range of list.split(",")) {
    const [first = 0, last = first] = range.split("-").map(Number);
    for (let bit = first; bit <= last && bit < bits; bit++) mask[bit >> 3]! |= 1 << (bit & 7); // within the mask
  }
  return mask;
}
