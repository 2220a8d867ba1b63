import { describe, expect, test } from "vitest";
import { DetachKeys } from "../../../src/netctl/detach-keys.ts";

describe("DetachKeys", () => {
  const type = (keys: DetachKeys, text: string): string => {
    const { forward, isDetached } = keys.push(Buffer.from(text));
    return forward.toString() + (isDetached ? "<detached>" : "");
  };

  test("passes ordinary keys on", () => expect(type(new DetachKeys(), "ls\r\x03\x11")).toBe("ls\r\x03\x11"));

  test("detaches on ctrl-p ctrl-q and drops the rest", () => {
    expect(type(new DetachKeys(), "ab\x10\x11cd")).toBe("ab<detached>");
  });

  test("detaches when the keys come one by one", () => {
    const keys = new DetachKeys();
    expect([type(keys, "\x10"), type(keys, "\x11")]).toEqual(["", "<detached>"]);
  });

  test("gives a ctrl-p back when another key follows", () => {
    const keys = new DetachKeys();
    expect([type(keys, "\x10"), type(keys, "x"), type(keys, "\x10\x10"), type(keys, "\x11")]).toEqual([
      "",
      "\x10x",
      "\x10",
      "<detached>",
    ]);
  });
});
