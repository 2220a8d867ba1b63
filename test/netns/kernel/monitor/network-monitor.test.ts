import { describe, expect, test, vi } from "vitest";
import {
  applySteps,
  KernelSession,
  type NetworkChange,
  NetworkMonitor,
  type NetworkMonitorOptions,
  withNetns,
} from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

const LIMIT = { timeout: 10_000, interval: 20 };

/** A monitor with what it told so far. */
class Listener implements Disposable {
  readonly told: NetworkChange[] = [];
  isIncomplete = false;
  readonly #monitor: NetworkMonitor;

  constructor(netns: TestNetns, options: Omit<NetworkMonitorOptions, "onChange"> = {}) {
    const onChange: NetworkMonitorOptions["onChange"] = ({ changes, isIncomplete }) => {
      this.told.push(...changes);
      this.isIncomplete ||= isIncomplete;
    };
    this.#monitor = withNetns(netns.name, () => new NetworkMonitor({ ...options, onChange }));
  }

  /** Wait until it told a change like this. */
  async hears(change: Record<string, unknown>): Promise<void> {
    await vi.waitFor(() => expect(this.told).toContainEqual(expect.objectContaining(change)), LIMIT);
  }

  [Symbol.dispose](): void {
    this.#monitor[Symbol.dispose]();
  }
}

describe("NetworkMonitor", () => {
  test("NetworkMonitor tells of links that come, change and go, as they are now", async () => {
    await using netns = TestNetns.create();
    using listener = new Listener(netns);
    netns.run("ip", "link", "add", "br0", "type", "bridge");
    netns.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
    netns.run("ip", "link", "set", "va", "master", "br0", "mtu", "1400", "up");
    const { ifindex } = netns.json<{ ifindex: number }[]>("ip", "-json", "link", "show", "br0")[0] ?? { ifindex: 0 };
    await listener.hears({
      ...{ kind: "link", name: "va", isRemoved: false },
      link: expect.objectContaining({ master: ifindex, mtu: 1400, isUp: true, kind: "veth" }),
    });
    netns.run("ip", "link", "delete", "va");
    await listener.hears({ kind: "link", name: "va", isRemoved: true });
    await listener.hears({ kind: "link", name: "vb", isRemoved: true });
  });

  test("NetworkMonitor tells that forwarding was switched", async () => {
    await using netns = TestNetns.create();
    using listener = new Listener(netns);
    netns.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    await listener.hears({ kind: "parameters", name: "ipv4" });
    netns.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
    await listener.hears({ kind: "parameters", name: "ipv6" });
  });

  test("NetworkMonitor tells of addresses and routes of both families", async () => {
    await using netns = TestNetns.create();
    netns.run("ip", "link", "add", "va", "up", "type", "veth", "peer", "name", "vb");
    using listener = new Listener(netns);
    netns.run("ip", "address", "add", "172.16.0.1/24", "dev", "va");
    netns.run("ip", "address", "add", "2001:db8::1/64", "nodad", "dev", "va");
    netns.run("ip", "route", "add", "default", "via", "172.16.0.2", "metric", "7");
    netns.run("ip", "route", "add", "2001:db8:1::/48", "via", "2001:db8::2");
    await listener.hears({ kind: "address", name: "172.16.0.1/24", isRemoved: false });
    await listener.hears({ kind: "address", name: "2001:db8::1/64", isRemoved: false });
    const route = expect.objectContaining({ via: "172.16.0.2", dev: "va", metric: 7, family: "inet" });
    await listener.hears({ kind: "route", name: "default", isRemoved: false, route });
    await listener.hears({ kind: "route", name: "2001:db8:1::/48", isRemoved: false });
    netns.run("ip", "route", "delete", "default");
    netns.run("ip", "address", "delete", "172.16.0.1/24", "dev", "va");
    await listener.hears({ kind: "route", name: "default", isRemoved: true });
    await listener.hears({ kind: "address", name: "172.16.0.1/24", isRemoved: true });
  });

  test("NetworkMonitor tells which nftables were touched, which went, and who did it", async () => {
    await using netns = TestNetns.create();
    using listener = new Listener(netns);
    netns.run("nft", "add table inet netd; add chain inet netd c; add rule inet netd c accept; add table bridge netd");
    await listener.hears({ kind: "rules", name: "inet netd", isRemoved: false, by: "nft" });
    await listener.hears({ kind: "rules", name: "bridge netd", isRemoved: false });
    listener.told.length = 0;
    netns.run("nft", "flush chain inet netd c");
    await listener.hears({ kind: "rules", name: "inet netd", isRemoved: false });
    netns.run("nft", "flush ruleset");
    await listener.hears({ kind: "rules", name: "inet netd", isRemoved: true });
    await listener.hears({ kind: "rules", name: "bridge netd", isRemoved: true });
  });

  test("NetworkMonitor leaves out what this process did, unless asked for it", async () => {
    await using netns = TestNetns.create();
    using session = new KernelSession();
    using listener = new Listener(netns);
    using curious = new Listener(netns, { hasOwn: true });
    netns.run("ip", "link", "add", "va", "up", "type", "veth", "peer", "name", "vb");
    // Opened in the namespace, as netd's are in its own, and kept open.
    withNetns(netns.name, () => {
      applySteps(
        [
          { op: "address.add", link: "va", address: "172.16.0.1/24" },
          { op: "route.add", to: "default", via: "172.16.0.2" },
          { op: "nft.replaceTable", family: "inet", name: "netd", body: "chain c {\n}\n" },
        ],
        { session },
      );
    });
    netns.run("ip", "address", "add", "172.16.0.9/24", "dev", "va");
    netns.run("nft", "add table inet other");
    for (const one of [listener, curious]) {
      await one.hears({ kind: "address", name: "172.16.0.9/24" });
      await one.hears({ kind: "rules", name: "inet other" });
    }
    await curious.hears({ kind: "address", name: "172.16.0.1/24" });
    await curious.hears({ kind: "route", name: "default" });
    await curious.hears({ kind: "rules", name: "inet netd" });
    const names = listener.told.map(({ name }) => name);
    expect(names).not.toContain("172.16.0.1/24");
    expect(names).not.toContain("default");
    expect(names).not.toContain("inet netd");
  });

  test("NetworkMonitor says that it is incomplete when more came than its socket could hold, and hears what comes after", async () => {
    await using netns = TestNetns.create();
    using listener = new Listener(netns, { holdBytes: 4096 });
    // This process reads nothing while the command runs.
    netns.command(["ip", "-batch", "-"], {
      input: Array.from({ length: 100 }, (_, n) => `link add b${n} type bridge\n`).join(""),
    });
    await vi.waitFor(() => expect(listener.isIncomplete).toBe(true), LIMIT);
    expect(listener.told.length).toBeLessThan(100);
    netns.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
    await listener.hears({ kind: "link", name: "va", isRemoved: false });
  });
});
