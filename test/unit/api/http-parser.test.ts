import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HTTP_LINE_MAX_BYTES, type HttpEvent, HttpParser } from "../../../src/api/http-parser.ts";

const COUNTED = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Two: a\r\n\r\nhello";
const CHUNKED =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";

/** Parse text cut at the given places. */
function parse(text: string, cuts: number[] = []): HttpEvent[] {
  const parser = new HttpParser();
  const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
  return places.slice(1).flatMap((end, index) => parser.push(Buffer.from(text.slice(places[index], end))));
}

function bodyOf(events: HttpEvent[]): string {
  return events.map((event) => (event.type === "body" ? event.bytes.toString() : "")).join("");
}

describe("HttpParser", () => {
  test("reads a counted body", () => {
    const events = parse(COUNTED);
    expect(events[0]).toEqual({
      type: "head",
      head: { status: 200, headers: { "content-length": "5", "x-two": "a" } },
    });
    expect(bodyOf(events)).toBe("hello");
    expect(events.at(-1)?.type).toBe("end");
  });

  test("reads a chunked body with extensions and trailers", () => {
    const events = parse(CHUNKED);
    expect(bodyOf(events)).toBe("hello 0123456789");
    expect(events.at(-1)?.type).toBe("end");
  });

  test.each([COUNTED, CHUNKED])("reads the same wherever the bytes are cut: %j", (text) => {
    const whole = bodyOf(parse(text));
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
        const events = parse(text, cuts);
        expect(bodyOf(events)).toBe(whole);
        expect(events.filter((event) => event.type === "end")).toHaveLength(1);
      }),
    );
  });

  test("reads a body without a length to the end of the connection", () => {
    const parser = new HttpParser();
    const events = parser.push(Buffer.from("HTTP/1.1 200 OK\r\n\r\nabc"));
    expect(bodyOf(events)).toBe("abc");
    expect(parser.close()).toEqual([{ type: "end", rest: Buffer.alloc(0) }]);
  });

  test("hands the bytes after a 101 on", () => {
    const events = parse("HTTP/1.1 101 Switching Protocols\r\nUpgrade: netd-stream\r\n\r\n\x01rest");
    expect(events.map((event) => event.type)).toEqual(["head", "end"]);
    expect(events[1]).toMatchObject({ rest: Buffer.from("\x01rest") });
  });

  test("passes over interim responses", () => {
    const events = parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    expect(events.map((event) => event.type)).toEqual(["head", "end"]);
    expect(events[0]).toMatchObject({ head: { status: 204 } });
  });

  test.each([
    ["a status line that is none", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["a header without a colon", "HTTP/1.1 200 OK\r\nbroken\r\n\r\n"],
    ["a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"],
    ["a chunk size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
    ["a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"],
    ["an endless head", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(HTTP_LINE_MAX_BYTES)}`],
  ])("refuses %s", (_, text) => {
    expect(() => parse(text)).toThrow(RangeError);
  });

  test.each([
    ["head", "HTTP/1.1 200 OK\r\n"],
    ["counted body", COUNTED.slice(0, -1)],
    ["chunked body", CHUNKED.slice(0, -6)],
  ])("says so when the connection closes within a %s", (_, text) => {
    const parser = new HttpParser();
    parser.push(Buffer.from(text));
    expect(() => parser.close()).toThrow("in its middle");
  });
});
