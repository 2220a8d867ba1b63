import { describe, expect, test } from "vitest";
import { addVeth, deleteLink, LinkWatcher, RtnetlinkSocket, withNetns } from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

const LIMIT_MS = 10_000;

describe("LinkWatcher", () => {
  test("gone settles when the link is deleted, and at once for one that is not there", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    using watcher = withNetns(netns.name, () => new LinkWatcher());
    addVeth(socket, { host: "va", peer: "vb" });
    const isGone = watcher.gone("va", LIMIT_MS);
    deleteLink(socket, "va");
    expect(await isGone).toBe(true);
    expect(await watcher.gone("never", LIMIT_MS)).toBe(true);
  });

  test("gone settles though more links went than its socket could hold", async () => {
    await using netns = TestNetns.create();
    using socket = RtnetlinkSocket.open(netns.name);
    using watcher = withNetns(netns.name, () => new LinkWatcher());
    const names = Array.from({ length: 100 }, (_, index) => `va${index}`);
    for (const name of names) addVeth(socket, { host: name, peer: `${name}p` });
    const areGone = Promise.all(names.map((name) => watcher.gone(name, LIMIT_MS)));
    for (const name of names) deleteLink(socket, name);
    expect(await areGone).toEqual(names.map(() => true));
    // Only now does it hear of what it could not hold.
    addVeth(socket, { host: "va", peer: "vb" });
    const isGone = watcher.gone("va", LIMIT_MS);
    deleteLink(socket, "va");
    expect(await isGone).toBe(true);
  });
});
