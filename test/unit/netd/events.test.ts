import { expect, test } from "vitest";
import { EventFeed } from "../../../src/netd/events.ts";

const event = (type: string) => ({ at: "2026-01-01T00:00:00.000Z", type });

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

test("EventFeed.emit gives docker's word, what belongs to the container, and times that never go back", () => {
  const times = ["2026-01-01T00:00:02.000Z", "2026-01-01T00:00:01.000Z"].map((text) => new Date(text));
  const feed = new EventFeed({
    now: () => times.shift()!,
    describe: (name) => ({ id: "3f2a", attributes: { name, image: "busybox" } }),
  });
  feed.emit({ type: "container.exited", container: "web", exitCode: 3 });
  feed.emit({ type: "container.killed", container: "web", attributes: { signal: "9" } });
  const at = "2026-01-01T00:00:02.000Z";
  const attributes = { name: "web", image: "busybox" };
  expect(feed.history).toEqual([
    { at, type: "container.exited", action: "die", id: "3f2a", container: "web", exitCode: 3, attributes },
    {
      ...{ at, type: "container.killed", action: "kill", id: "3f2a", container: "web" },
      attributes: { ...attributes, signal: "9" },
    },
  ]);
});

test("EventFeed.history is bounded and keeps the last", () => {
  const feed = new EventFeed();
  for (let number = 0; number < 3000; number++) feed.emit(event(`n.${number}`));
  expect(feed.history.length).toBe(2048);
  expect(feed.history.at(-1)?.type).toBe("n.2999");
});
