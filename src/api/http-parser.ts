/**
 * Reads one HTTP/1.1 response (RFC 9112) from the bytes of a socket.
 *
 * Written by hand because loading node:http costs netctl 6 ms of each start, a fifth of its life.
 *
 * @module
 */

/** Status and headers of a response; header names are lower case, a repeated header keeps its last value. */
export interface HttpHead {
  status: number;
  headers: Record<string, string>;
}

/** What some bytes completed, in order. */
export type HttpEvent =
  | { type: "head"; head: HttpHead }
  | { type: "body"; bytes: Buffer }
  /** The response is whole. After a 101, `rest` holds bytes that already belong to the new protocol. */
  | { type: "end"; rest: Buffer };

/** Longest head, and longest line of a chunked body, in bytes: netd never sends more. */
export const HTTP_LINE_MAX_BYTES = 64 * 1024;

type State = "head" | "counted" | "untilClose" | "chunkSize" | "chunkData" | "chunkEnd" | "trailer" | "done";

const EMPTY = Buffer.alloc(0);
const CRLF = "\r\n";

/** Parses the bytes of one response. */
export class HttpParser {
  #state: State = "head";
  #pending: Buffer = EMPTY;
  /** Bytes of the body or of the chunk that are still to come. */
  #remaining = 0;

  /**
   * Take the next bytes and return what they completed.
   *
   * @throws {RangeError} when the peer does not speak HTTP/1.1.
   */
  push(bytes: Buffer): HttpEvent[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const events: HttpEvent[] = [];
    while (this.#advance(events));
    return events;
  }

  /**
   * Say that the peer closed its side.
   *
   * @throws {RangeError} when the response is not whole.
   */
  close(): HttpEvent[] {
    if (this.#state === "done") return [];
    if (this.#state !== "untilClose")
      throw new RangeError("Cannot read the response: the connection closed in its middle");
    return [this.#end()];
  }

  /** Do one piece of work; false when more bytes are needed. */
  #advance(events: HttpEvent[]): boolean {
    switch (this.#state) {
      case "head":
        return this.#readHead(events);
      case "counted":
      case "chunkData":
      case "untilClose":
        return this.#readBody(events);
      case "chunkSize":
        return this.#readChunkSize();
      case "chunkEnd": {
        const line = this.#takeUntil(CRLF);
        if (line === undefined) return false;
        if (line !== "") throw new RangeError("Cannot parse a chunk: its data is longer than its size");
        this.#state = "chunkSize";
        return true;
      }
      case "trailer": {
        const line = this.#takeUntil(CRLF);
        if (line === "") events.push(this.#end());
        return line !== undefined && line !== "";
      }
      case "done":
        return false;
    }
  }

  #readHead(events: HttpEvent[]): boolean {
    const text = this.#takeUntil(CRLF + CRLF);
    if (text === undefined) return false;
    const head = parseHead(text);
    // Interim responses (RFC 9110, section 15.2) precede the real one, except 101, which is final.
    if (head.status >= 100 && head.status < 200 && head.status !== 101) return true;
    events.push({ type: "head", head });
    this.#state = bodyState(head);
    if (this.#state === "counted") {
      const length = head.headers["content-length"] ?? "";
      if (!/^\d{1,15}$/.test(length)) throw new RangeError(`Cannot parse a response: Content-Length is '${length}'`);
      this.#remaining = Number(length);
    }
    if (this.#state === "done" || (this.#state === "counted" && this.#remaining === 0)) {
      events.push(this.#end());
      return false;
    }
    return true;
  }

  #readBody(events: HttpEvent[]): boolean {
    if (this.#pending.length === 0) return false;
    const isEndless = this.#state === "untilClose";
    const bytes = isEndless ? this.#pending : this.#pending.subarray(0, this.#remaining);
    this.#pending = this.#pending.subarray(bytes.length);
    events.push({ type: "body", bytes });
    if (isEndless) return false;
    this.#remaining -= bytes.length;
    if (this.#remaining > 0) return false;
    if (this.#state === "counted") events.push(this.#end());
    else this.#state = "chunkEnd";
    return true;
  }

  #readChunkSize(): boolean {
    const line = this.#takeUntil(CRLF);
    if (line === undefined) return false;
    // A chunk extension after the size may be ignored (RFC 9112, section 7.1.1).
    const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
    if (size === undefined) throw new RangeError(`Cannot parse a chunk: its size is '${line.slice(0, 40)}'`);
    this.#remaining = Number.parseInt(size, 16);
    this.#state = this.#remaining === 0 ? "trailer" : "chunkData";
    return true;
  }

  /** Cut the text before `mark` off the pending bytes, and `mark` with it. */
  #takeUntil(mark: string): string | undefined {
    const at = this.#pending.indexOf(mark);
    if (at > HTTP_LINE_MAX_BYTES || (at < 0 && this.#pending.length > HTTP_LINE_MAX_BYTES)) {
      throw new RangeError("Cannot parse a response: a head or line of it is longer than 64 KiB");
    }
    if (at < 0) return undefined;
    const text = this.#pending.toString("latin1", 0, at);
    this.#pending = this.#pending.subarray(at + mark.length);
    return text;
  }

  #end(): HttpEvent {
    const rest = this.#pending;
    this.#pending = EMPTY;
    this.#state = "done";
    return { type: "end", rest };
  }
}

function parseHead(text: string): HttpHead {
  const [statusLine = "", ...lines] = text.split(CRLF);
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined)
    throw new RangeError(`Cannot parse a response: it begins with '${statusLine.slice(0, 40)}'`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) throw new RangeError(`Cannot parse a response header: '${line.slice(0, 40)}'`);
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(status), headers };
}

/** How the body's length is known: RFC 9112, section 6.3. */
function bodyState(head: HttpHead): State {
  if (head.status === 101 || head.status === 204 || head.status === 304) return "done";
  if (head.headers["transfer-encoding"]?.toLowerCase() === "chunked") return "chunkSize";
  return head.headers["content-length"] === undefined ? "untilClose" : "counted";
}
