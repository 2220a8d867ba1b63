/**
 * Frames of a standard-stream connection: one byte of kind, four bytes of big-endian length, the payload.
 *
 * @module
 */

/** Kind of a frame. `exit` ends a connection; an empty `stdin` frame closes standard input. */
export const FRAME_KIND = { stdin: 0, stdout: 1, stderr: 2, resize: 3, exit: 4, error: 5, detach: 6 } as const;

export type FrameKind = keyof typeof FRAME_KIND;

/** Longest payload of one frame, in bytes; longer data is sent as several frames. */
export const FRAME_MAX_BYTES = 1 << 20;

const HEADER_BYTES = 5;
const KIND_NAMES = Object.keys(FRAME_KIND) as FrameKind[];

/** One piece of a stream. */
export interface Frame {
  kind: FrameKind;
  payload: Buffer;
}

/** Payload of a `resize` frame, as JSON. */
export interface ResizePayload {
  rows: number;
  columns: number;
}

/** Payload of an `exit` frame, as JSON: the code a shell would show, 128+N after signal N. */
export interface ExitPayload {
  exitCode: number;
}

/** Encode one frame. `payload` is text (UTF-8), bytes, or a value that is sent as JSON. */
export function formatFrame(kind: FrameKind, payload: Buffer | ResizePayload | ExitPayload | object): Buffer {
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame[0] = FRAME_KIND[kind];
  frame.writeUInt32BE(body.length, 1);
  body.copy(frame, HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream back into frames. */
export class FrameParser {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * Take the next bytes and return the frames that they complete.
   *
   * @throws {RangeError} on an unknown kind or a payload longer than {@link FRAME_MAX_BYTES}: the peer does not speak this protocol.
   */
  push(bytes: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#rest.length - at >= HEADER_BYTES) {
      const kind = KIND_NAMES[this.#rest[at]!];
      const length = this.#rest.readUInt32BE(at + 1);
      if (kind === undefined || length > FRAME_MAX_BYTES)
        throw new RangeError("Cannot parse a frame: not this protocol");
      if (this.#rest.length - at < HEADER_BYTES + length) break;
      frames.push({ kind, payload: this.#rest.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) });
      at += HEADER_BYTES + length;
    }
    this.#rest = this.#rest.subarray(at);
    return frames;
  }
}
