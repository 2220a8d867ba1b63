/**
 * The keys that leave a container without ending it: ctrl-p, then ctrl-q.
 *
 * @module
 */

const CTRL_P = 0x10;
const CTRL_Q = 0x11;

/** What typed bytes mean. */
export interface TypedBytes {
  /** For the container. */
  forward: Buffer;
  isDetached: boolean;
}

/** Watches what is typed. A ctrl-p is held back until the next key shows what it was. */
export class DetachKeys {
  #isHolding = false;

  /** Take typed bytes; what follows the detach keys is dropped. */
  push(bytes: Buffer): TypedBytes {
    const forward: number[] = [];
    for (const byte of bytes) {
      if (this.#isHolding && byte === CTRL_Q) return { forward: Buffer.from(forward), isDetached: true };
      if (this.#isHolding) forward.push(CTRL_P);
      this.#isHolding = byte === CTRL_P;
      if (!this.#isHolding) forward.push(byte);
    }
    return { forward: Buffer.from(forward), isDetached: false };
  }
}
