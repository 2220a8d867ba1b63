/**
 * A set of small integers that finds its next absent member quickly. Pages exist only where something was added, so that the cost
 * follows the number of members and not the size of the subnet.
 *
 * @module
 */

const WORD_BITS = 32;
const PAGE_WORDS = 128;
const PAGE_BITS = PAGE_WORDS * WORD_BITS;
const FULL_WORD = 0xffff_ffff;

/** 4,096 bits and how many of them are set. */
interface Page {
  words: Uint32Array;
  count: number;
}

/** A set of integers from 0 up. */
export class AddressBitmap {
  readonly #pages = new Map<number, Page>();

  has(bit: number): boolean {
    const page = this.#pages.get(Math.floor(bit / PAGE_BITS));
    return page !== undefined && (page.words[wordOf(bit)]! & maskOf(bit)) !== 0;
  }

  /** Add `bit`; false when it was there. */
  add(bit: number): boolean {
    if (this.has(bit)) return false;
    const number = Math.floor(bit / PAGE_BITS);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = { words: new Uint32Array(PAGE_WORDS), count: 0 };
      this.#pages.set(number, page);
    }
    page.words[wordOf(bit)]! |= maskOf(bit);
    page.count += 1;
    return true;
  }

  /** Remove `bit`; false when it was not there. */
  delete(bit: number): boolean {
    if (!this.has(bit)) return false;
    const number = Math.floor(bit / PAGE_BITS);
    const page = this.#pages.get(number)!; // has() found the bit in it
    page.words[wordOf(bit)]! &= ~maskOf(bit);
    page.count -= 1;
    if (page.count === 0) this.#pages.delete(number);
    return true;
  }

  /** Find the least absent integer in `from` to `to`, both included; full pages and full words are passed over whole. */
  nextAbsent(from: number, to: number): number | undefined {
    let bit = from;
    while (bit <= to) {
      const page = this.#pages.get(Math.floor(bit / PAGE_BITS));
      if (page === undefined) return bit;
      if (page.count === PAGE_BITS) {
        bit = (Math.floor(bit / PAGE_BITS) + 1) * PAGE_BITS;
      } else if (page.words[wordOf(bit)] === FULL_WORD) {
        bit = (Math.floor(bit / WORD_BITS) + 1) * WORD_BITS;
      } else if (this.has(bit)) {
        bit += 1;
      } else {
        return bit;
      }
    }
    return undefined;
  }
}

function wordOf(bit: number): number {
  return Math.floor((bit % PAGE_BITS) / WORD_BITS);
}

function maskOf(bit: number): number {
  return 1 << (bit % WORD_BITS);
}
