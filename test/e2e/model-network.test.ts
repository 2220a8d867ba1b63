import { expect, test, vi } from "vitest";
import type { AllowInfo, ContainerInfo, DriftItem, LeaseInfo, NetworkInfo } from "../../src/api/index.ts";
import { type ModelContainer, makeRandom, NetworkModel } from "../support/network-model.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { useApi } from "../support/sandbox-api.ts";

/** How many operations, and which: NETD_MODEL_OPERATIONS=10000 NETD_MODEL_SEED=7 for a long run. */
const OPERATIONS = Number(process.env.NETD_MODEL_OPERATIONS ?? 120);
const SEED = Number(process.env.NETD_MODEL_SEED ?? 1);
const LIMIT = { timeout: 30_000, interval: 50 };
const MOST = { networks: 4, containers: 8 };

interface Link {
  ifname: string;
  ifalias?: string;
  master?: string;
  flags: string[];
  linkinfo?: { info_kind?: string };
}

/** A port of the host's loopback that leads to port 80. */
function mapping(hostPort: number) {
  return { hostAddress: "127.0.0.1", hostPort, containerPort: 80, count: 1, protocol: "tcp" };
}

class Run {
  readonly model = new NetworkModel();
  readonly random = makeRandom(SEED);
  readonly sandbox: TestSandbox;
  instance = "";

  constructor(sandbox: TestSandbox) {
    this.sandbox = sandbox;
  }

  async api<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    return await useApi<T>(this.sandbox, method, path, body);
  }

  pick<T>(from: Iterable<T>): T | undefined {
    const all = [...from];
    return all.length === 0 ? undefined : all[this.random(all.length)];
  }

  /** Do one thing; its name, or undefined when there is nothing to do it to. */
  async act(): Promise<string | undefined> {
    const actions: (() => Promise<string | undefined>)[] = [
      ...[() => this.createNetwork(), () => this.removeNetwork()],
      ...[() => this.run(), () => this.run(), () => this.remove(), () => this.stopOrStart()],
      ...[() => this.connect(), () => this.connect(), () => this.disconnect()],
      ...[() => this.publish(), () => this.publish(), () => this.unpublish(), () => this.allow()],
      ...[() => this.damage(), () => this.damage(), () => this.killNetd()],
    ];
    return await actions[this.random(actions.length)]?.();
  }

  async createNetwork(): Promise<string | undefined> {
    if (this.model.networks.size >= MOST.networks) return undefined;
    const name = this.model.newName("n");
    await this.api("POST", "/v1/networks", { name, ...(this.random(2) === 0 ? { subnet6: "auto" } : {}) });
    this.model.networks.add(name);
    return `create network ${name}`;
  }

  async removeNetwork(): Promise<string | undefined> {
    const name = this.pick(
      [...this.model.networks].filter((known) => known !== "default" && !this.model.isUsed(known)),
    );
    if (name === undefined) return undefined;
    await this.api("DELETE", `/v1/networks/${name}`);
    this.model.networks.delete(name);
    for (const key of this.model.allows) if (key.split(" ").includes(name)) this.model.allows.delete(key);
    return `remove network ${name}`;
  }

  async run(): Promise<string | undefined> {
    const network = this.pick(this.model.networks);
    if (this.model.containers.size >= MOST.containers || network === undefined) return undefined;
    const name = this.model.newName("c");
    await this.api("POST", "/v1/containers", { name, image: "busybox", command: ["sleep", "100000"], network });
    await this.api("POST", `/v1/containers/${name}/start`);
    const container: ModelContainer = { isRunning: true, endpoints: new Map(), ports: new Set() };
    this.model.connect(container, network);
    this.model.containers.set(name, container);
    return `run ${name} in ${network}`;
  }

  async remove(): Promise<string | undefined> {
    const name = this.pick(this.model.containers.keys());
    if (name === undefined) return undefined;
    await this.api("DELETE", `/v1/containers/${name}?force=1`);
    this.model.containers.delete(name);
    return `remove ${name}`;
  }

  async stopOrStart(): Promise<string | undefined> {
    const [name, container] = this.pick(this.model.containers) ?? [];
    if (name === undefined || container === undefined) return undefined;
    const verb = container.isRunning ? "stop" : "start";
    await this.api("POST", `/v1/containers/${name}/${verb}`, ...(verb === "stop" ? [{ timeoutSeconds: 0 }] : []));
    container.isRunning = !container.isRunning;
    return `${verb} ${name}`;
  }

  async connect(): Promise<string | undefined> {
    const [name, container] = this.pick(this.model.containers) ?? [];
    const network = this.pick([...this.model.networks].filter((known) => container?.endpoints.has(known) === false));
    if (name === undefined || container === undefined || network === undefined) return undefined;
    await this.api("POST", `/v1/networks/${network}/connect`, { container: name });
    this.model.connect(container, network);
    return `connect ${name} to ${network}`;
  }

  async disconnect(): Promise<string | undefined> {
    const [name, container] =
      this.pick([...this.model.containers].filter(([, { endpoints }]) => endpoints.size > 1)) ?? [];
    const network = this.pick(container?.endpoints.keys() ?? []);
    if (name === undefined || container === undefined || network === undefined) return undefined;
    await this.api("POST", `/v1/networks/${network}/disconnect`, { container: name });
    container.endpoints.delete(network);
    return `disconnect ${name} from ${network}`;
  }

  async publish(): Promise<string | undefined> {
    const [name, container] = this.pick(this.model.containers) ?? [];
    const hostPort = 20_000 + this.random(1000);
    const isTaken = [...this.model.containers.values()].some(({ ports }) => ports.has(hostPort));
    if (name === undefined || container === undefined || isTaken) return undefined;
    await this.api("POST", `/v1/containers/${name}/publish`, { ports: [mapping(hostPort)] });
    container.ports.add(hostPort);
    return `publish ${hostPort} of ${name}`;
  }

  async unpublish(): Promise<string | undefined> {
    const [name, container] = this.pick([...this.model.containers].filter(([, { ports }]) => ports.size > 0)) ?? [];
    const hostPort = this.pick(container?.ports ?? []);
    if (name === undefined || container === undefined || hostPort === undefined) return undefined;
    await this.api("POST", `/v1/containers/${name}/unpublish`, { ports: [mapping(hostPort)] });
    container.ports.delete(hostPort);
    return `unpublish ${hostPort} of ${name}`;
  }

  /** Allow what is not allowed, take back what is. */
  async allow(): Promise<string | undefined> {
    const [from, to] = [this.pick(this.model.networks), this.pick(this.model.networks)];
    if (from === undefined || to === undefined || from === to) return undefined;
    const key = `${from} ${to}`;
    const isAllowed = this.model.allows.has(key);
    await this.api("POST", isAllowed ? "/v1/allows/remove" : "/v1/allows", { from, to });
    if (isAllowed) this.model.allows.delete(key);
    else this.model.allows.add(key);
    return `${isAllowed ? "deny" : "allow"} ${key}`;
  }

  async killNetd(): Promise<string> {
    const { pid } = await this.api<{ pid: number }>("GET", "/v1/info");
    await this.sandbox.run("sh", "-c", `kill -KILL ${pid}; while [ -d /proc/${pid} ]; do sleep 0.01; done`);
    await this.sandbox.startNetd();
    return "kill netd";
  }

  async damage(): Promise<string | undefined> {
    const link = this.pick((await this.links()).filter(({ ifalias }) => ifalias?.startsWith("netd:")))?.ifname;
    const deed = this.pick([
      "nft flush ruleset",
      "nft delete table inet netd",
      "sysctl -qw net.ipv4.ip_forward=0",
      ...(link === undefined
        ? []
        : [`ip link delete ${link}`, `ip link set ${link} down`, `ip link set ${link} nomaster`]),
      ...(link === undefined ? [] : [`ip address flush dev ${link}`, `ip link set ${link} mtu 1300`]),
    ]);
    if (deed === undefined) return undefined;
    await this.sandbox.run("sh", "-c", deed);
    return deed;
  }

  async links(): Promise<Link[]> {
    return JSON.parse((await this.sandbox.run("ip", "-json", "-details", "link")).stdout) as Link[];
  }

  /** Compare what witnesses say with the model. */
  async check(): Promise<void> {
    const { model } = this;
    await vi.waitFor(async () => expect(await this.api<DriftItem[]>("GET", "/v1/drift")).toEqual([]), LIMIT);
    const networks = await this.api<NetworkInfo[]>("GET", "/v1/networks");
    expect(networks.map(({ name }) => name).sort()).toEqual([...model.networks].sort());
    const containers = await this.api<ContainerInfo[]>("GET", "/v1/containers?all=1");
    expect(
      containers
        .map(({ name, state, endpoints = [] }) => ({
          ...{ name, state },
          endpoints: endpoints.map((endpoint) => `${endpoint.network} ${endpoint.interface}`).sort(),
        }))
        .sort((a, b) => a.name.localeCompare(b.name)),
    ).toEqual(
      [...model.containers]
        .map(([name, { isRunning, endpoints }]) => ({
          ...{ name, state: isRunning ? "running" : "exited" },
          endpoints: [...endpoints].map(([network, link]) => `${network} ${link}`).sort(),
        }))
        .sort((a, b) => a.name.localeCompare(b.name)),
    );

    // Links: a bridge for each network, a port for each place of a running container.
    const bridgeOf = new Map(networks.map(({ name, bridge }) => [name, bridge]));
    const running = containers.filter(({ state }) => state === "running");
    const ours = (await this.links()).filter(({ ifalias }) => ifalias?.startsWith(`netd:${this.instance}:`));
    expect(
      ours.map(({ ifname, master, flags }) => `${ifname} ${master ?? "-"} ${flags.includes("UP")}`).sort(),
    ).toEqual(
      [
        ...networks.map(({ bridge }) => `${bridge} - true`),
        ...running.flatMap(({ endpoints = [] }) =>
          endpoints.map(({ hostInterface, network }) => `${hostInterface} ${bridgeOf.get(network)} true`),
        ),
      ].sort(),
    );

    // Leases: one for each address, none twice.
    const leases = await this.api<LeaseInfo[]>("GET", "/v1/leases");
    const held = containers.flatMap(({ name, endpoints = [] }) =>
      endpoints.flatMap(({ network, address, address6 }) =>
        [address, address6].flatMap((known) =>
          known === undefined || known === "" ? [] : [`${network} ${known} ${name}`],
        ),
      ),
    );
    expect(
      [...new Set(leases.map(({ network, address, container }) => `${network} ${address} ${container}`))].sort(),
    ).toEqual([...new Set(held)].sort());
    const addresses = leases.map(({ address }) => address);
    expect(new Set(addresses).size).toBe(addresses.length);

    // Rules: those of running containers and of nobody else.
    const rules = (await this.sandbox.run("nft", "list", "ruleset")).stdout;
    for (const { state, endpoints = [], name } of containers) {
      for (const { address } of endpoints) {
        const isThere = new RegExp(`(?<![\\d.])${address.replaceAll(".", "\\.")}(?![\\d.])`).test(rules);
        expect(`${name} ${address} ${isThere}`).toBe(`${name} ${address} ${state === "running"}`);
      }
    }

    // Published ports are in the rules while their container runs.
    for (const [name, { isRunning, ports }] of model.containers) {
      for (const port of ports) {
        expect(`${name} ${port} ${new RegExp(`\\b${port}\\b`).test(rules)}`).toBe(`${name} ${port} ${isRunning}`);
      }
    }
    const allows = await this.api<AllowInfo[]>("GET", "/v1/allows");
    expect(allows.map(({ from, to }) => `${from} ${to}`).sort()).toEqual([...model.allows].sort());

    // Namespaces: one for each running container; what is inside one of them.
    const pinned = (await this.sandbox.run("ls", "/run/netns")).stdout
      .split("\n")
      .filter((name) => /^c\d+$/.test(name));
    expect(pinned.sort()).toEqual(running.map(({ name }) => name).sort());
    const sample = this.pick(running);
    if (sample === undefined) return;
    const inside = JSON.parse((await this.sandbox.run("ip", "-n", sample.name, "-json", "-4", "address")).stdout) as {
      ifname: string;
      addr_info: { local: string }[];
    }[];
    expect(
      inside
        .filter(({ ifname }) => ifname !== "lo")
        .map(({ ifname, addr_info: [first] }) => `${ifname} ${first?.local}`)
        .sort(),
    ).toEqual((sample.endpoints ?? []).map((endpoint) => `${endpoint.interface} ${endpoint.address}`).sort());
  }
}

test(
  "netd is as a model of it after each of many random operations, kills and damages, and leaves nothing at the end",
  async () => {
    await using sandbox = await TestSandbox.create();
    const run = new Run(sandbox);
    ({ instance: run.instance } = await sandbox.json<{ instance: string }>("info"));
    const history: string[] = [];
    for (let done = 0; done < OPERATIONS; ) {
      try {
        const deed = await run.act();
        if (deed === undefined) continue;
        history.push(deed);
        done++;
        await run.check();
      } catch (error) {
        throw new Error(`after operation ${done} of seed ${SEED}:\n  ${history.slice(-12).join("\n  ")}`, {
          cause: error,
        });
      }
    }
    for (const name of [...run.model.containers.keys()]) await run.api("DELETE", `/v1/containers/${name}?force=1`);
    run.model.containers.clear();
    for (const name of [...run.model.networks]) if (name !== "default") await run.api("DELETE", `/v1/networks/${name}`);
    await vi.waitFor(async () => {
      expect(await run.api("GET", "/v1/leases")).toEqual([]);
      const ours = (await run.links()).filter(({ ifalias }) => ifalias?.startsWith("netd:"));
      expect(ours.map(({ ifname }) => ifname)).toEqual(["br0"]);
      const { stdout } = await sandbox.run(
        "sh",
        "-c",
        `find /sys/fs/cgroup -type d -path '*/netd/${run.instance}/*'; ls /run/netns | grep '^c'`,
      );
      expect(stdout.trim()).toBe("");
    }, LIMIT);
  },
  60_000 + OPERATIONS * 5_000,
);
