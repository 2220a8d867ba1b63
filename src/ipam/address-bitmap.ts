/**
 * A set of integers that finds its next absent member quickly. Pages exist only where something was added, so that the cost
 * follows the number of members and not the size of the subnet: one of IPv6 may have 2^64 addresses.
 *
 * @module
 */

const WORD_BITS = 32;
const PAGE_SHIFT = 12n;
const PAGE_BITS = 1 << Number(PAGE_SHIFT);
const FULL_WORD = 0xffff_ffff;

/** 4,096 bits and how many of them are set. */
interface Page {
  words: Uint32Array;
  count: number;
}

/** A set of integers from 0 up. */
export class AddressBitmap {
  readonly #pages = new Map<bigint, Page>();

  has(bit: bigint): boolean {
    const page = this.#pages.get(bit >> PAGE_SHIFT);
    return page !== undefined && isSet(page, bitOf(bit));
  }

  /** Add `bit`; false when it was there. */
  add(bit: bigint): boolean {
    const number = bit >> PAGE_SHIFT;
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = { words: new Uint32Array(PAGE_BITS / WORD_BITS), count: 0 };
      this.#pages.set(number, page);
    }
    const at = bitOf(bit);
    if (isSet(page, at)) return false;
    page.words[wordOf(at)]! |= maskOf(at); // a page has a word for each of its bits
    page.count += 1;
    return true;
  }

  /** Remove `bit`; false when it was not there. */
  delete(bit: bigint): boolean {
    const number = bit >> PAGE_SHIFT;
    const page = this.#pages.get(number);
    const at = bitOf(bit);
    if (page === undefined || !isSet(page, at)) return false;
    page.words[wordOf(at)]! &= ~maskOf(at);
    page.count -= 1;
    if (page.count === 0) this.#pages.delete(number);
    return true;
  }

  /** Find the least absent integer in `from` to `to`, both included; full pages and full words are passed over whole. */
  nextAbsent(from: bigint, to: bigint): bigint | undefined {
    for (let start = from; start <= to; start = ((start >> PAGE_SHIFT) + 1n) << PAGE_SHIFT) {
      const page = this.#pages.get(start >> PAGE_SHIFT);
      const found = page === undefined ? bitOf(start) : nextClear(page, bitOf(start));
      if (found === undefined) continue;
      const bit = ((start >> PAGE_SHIFT) << PAGE_SHIFT) | BigInt(found);
      return bit <= to ? bit : undefined;
    }
    return undefined;
  }
}

/** The least clear bit of a page, from `from` on. */
function nextClear({ words, count }: Page, from: number): number | undefined {
  if (count === PAGE_BITS) return undefined;
  for (let at = from; at < PAGE_BITS; ) {
    const word = words[wordOf(at)]!;
    if (word === FULL_WORD) at = (wordOf(at) + 1) * WORD_BITS;
    else if ((word & maskOf(at)) !== 0) at += 1;
    else return at;
  }
  return undefined;
}

function isSet({ words }: Page, at: number): boolean {
  return (words[wordOf(at)]! & maskOf(at)) !== 0;
}

function bitOf(bit: bigint): number {
  return Number(bit & (BigInt(PAGE_BITS) - 1n));
}

function wordOf(at: number): number {
  return Math.floor(at / WORD_BITS);
}

function maskOf(at: number): number {
  return 1 << (at % WORD_BITS);
}
