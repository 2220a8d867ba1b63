import { expect, test } from "vitest";
import type { EventInfo } from "../../../src/api/index.ts";
import { EventFeed } from "../../../src/netd/events.ts";

const event = (type: string): EventInfo => ({ at: "2026-01-01T00:00:00.000Z", type });

test("EventFeed.emit tells every listener every event in order", () => {
  const feed = new EventFeed();
  const [first, second]: [string[], string[]] = [[], []];
  feed.listen(({ type }) => first.push(type));
  feed.listen(({ type }) => second.push(type));
  feed.emit(event("a"));
  feed.emit(event("b"));
  expect(first).toEqual(["a", "b"]);
  expect(second).toEqual(["a", "b"]);
});

test("EventFeed.listen returns what ends the listening", () => {
  const feed = new EventFeed();
  const heard: string[] = [];
  const stop = feed.listen(({ type }) => heard.push(type));
  feed.emit(event("a"));
  stop();
  stop();
  feed.emit(event("b"));
  expect(heard).toEqual(["a"]);
});

test("EventFeed.emit reaches the others when a listener leaves in the middle of it", () => {
  const feed = new EventFeed();
  const heard: string[] = [];
  const stop = feed.listen(() => stop());
  feed.listen(({ type }) => heard.push(type));
  feed.emit(event("a"));
  feed.emit(event("b"));
  expect(heard).toEqual(["a", "b"]);
});
