import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import Database from "libsql";
import { expect, test } from "vitest";
import { Ipam, SqliteLeaseStore } from "../../../src/ipam/index.ts";
import { type NetworkRow, networkDefaults } from "../../../src/netd/network/network-row.ts";
import { type ContainerRow, StateStore } from "../../../src/netd/state-store.ts";
import { TemporaryDirectory } from "./temporary-directory.ts";

const NETWORK = {
  ...networkDefaults(),
  name: "default",
  id: "0123456789",
  createdAt: "2026-01-01T00:00:00.000Z",
  bridge: "br0",
  subnet: "172.16.0.0/24",
  gateway: "172.16.0.1",
  mac: "02:42:ac:10:00:01",
  isAdopted: false,
} satisfies NetworkRow;

function rowOf(name: string, id = name.padEnd(64, "0")): ContainerRow {
  return {
    id,
    name,
    spec: { image: "busybox", name, env: ["A=ü\n"], labels: { a: "b" } },
    hostname: name,
    image: { id: "sha256:0", config: { cmd: ["sh"], env: [], workdir: "", user: "" } },
    command: ["sh"],
    network: "default",
    endpoints: [{ network: "default", interface: "eth0", aliases: [] }],
    ports: [],
    createdAt: "2026-01-01T00:00:00.000Z",
    state: "created",
  };
}

function openIpam(store: StateStore): Ipam {
  const ipam = new Ipam(new SqliteLeaseStore(store.database), { now: () => new Date(0) });
  ipam.openNetwork(NETWORK);
  return ipam;
}

function readPragma(store: StateStore, name: string): unknown {
  return (store.database.prepare(`PRAGMA ${name}`).get() as Record<string, unknown>)[name];
}

/** Let every further page be refused, as by a full disk. */
function fillDisk(store: StateStore): void {
  store.database.pragma(`max_page_count = ${readPragma(store, "page_count")}`);
}

const WRITE_FAILED = expect.objectContaining({ code: "STATE_WRITE_FAILED", remedy: expect.any(String) });

test("StateStore remembers networks, containers and meta values over a reopening", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  {
    using store = new StateStore(path);
    store.saveNetwork({ ...NETWORK, bridge: "br9" });
    store.saveNetwork(NETWORK);
    store.setMeta("instance", "0badcafe");
    store.transact("a", () => store.insertContainer(rowOf("a")));
    store.transact("b", () => store.insertContainer({ ...rowOf("b"), state: "exited", exitCode: 3 }));
  }
  using store = new StateStore(path);
  expect(store.listNetworks()).toEqual([NETWORK]);
  expect(store.getMeta("instance")).toBe("0badcafe");
  expect(store.getMeta("unheard-of")).toBeUndefined();
  expect(store.listContainers()).toEqual([rowOf("a"), { ...rowOf("b"), state: "exited", exitCode: 3 }]);
});

test("StateStore.updateContainerState survives a reopening, and takes away what no longer holds", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  const running: ContainerRow = {
    ...rowOf("a"),
    state: "running",
    pid: 4242,
    startTime: 99,
    startedAt: "2026-01-01T00:00:01.000Z",
    launch: { forks: 1, slow: false },
  };
  const { pid: _pid, startTime: _startTime, ...rest } = running;
  const exited: ContainerRow = { ...rest, state: "exited", exitCode: 0, finishedAt: "2026-01-01T00:00:02.000Z" };
  for (const row of [running, exited]) {
    {
      using store = new StateStore(path);
      if (row === running) store.transact("a", () => store.insertContainer(rowOf("a")));
      store.updateContainerState(row);
    }
    using reopened = new StateStore(path);
    expect(reopened.listContainers()).toEqual([row]);
  }
});

test("StateStore.updateContainerState changes neither the definition nor another container", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  store.transact("both", () => {
    store.insertContainer(rowOf("a"));
    store.insertContainer(rowOf("b"));
  });
  store.updateContainerState({ ...rowOf("a"), command: ["changed"], state: "running", pid: 1 });
  expect(store.listContainers()).toEqual([{ ...rowOf("a"), state: "running", pid: 1 }, rowOf("b")]);
});

test("StateStore writes definitions durably again after an update of a state", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  const FULL = 2;
  expect(readPragma(store, "synchronous")).toBe(FULL);
  expect(readPragma(store, "journal_mode")).toBe("wal");
  store.updateContainerState(rowOf("a"));
  expect(readPragma(store, "synchronous")).toBe(FULL);
});

test("StateStore.transact keeps neither the container nor its lease when the change throws", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  {
    using store = new StateStore(path);
    const ipam = openIpam(store);
    const change = () =>
      store.transact("a", () => {
        ipam.allocate({ network: "default", containerId: rowOf("a").id });
        store.insertContainer(rowOf("a"));
        throw new RangeError("in the middle");
      });
    expect(change).toThrowError(WRITE_FAILED);
    expect(store.listContainers()).toEqual([]);
  }
  using store = new StateStore(path);
  expect(store.listContainers()).toEqual([]);
  expect([...openIpam(store).list()]).toEqual([]);
});

test("StateStore.transact keeps container and lease together when the change returns", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  {
    using store = new StateStore(path);
    const ipam = openIpam(store);
    const lease = store.transact("a", () => {
      store.insertContainer(rowOf("a"));
      return ipam.allocate({ network: "default", containerId: rowOf("a").id });
    });
    expect(lease.address).toBe("172.16.0.2");
  }
  using store = new StateStore(path);
  expect(store.listContainers()).toEqual([rowOf("a")]);
  expect([...openIpam(store).list()]).toMatchObject([{ address: "172.16.0.2", containerId: rowOf("a").id }]);
});

test("StateStore.transact lets an error of ours through as it is", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  const ipam = openIpam(store);
  const allocate = () => ipam.allocate({ network: "default", containerId: "a", address: "10.0.0.1" });
  expect(() => store.transact("a", allocate)).toThrowError(
    expect.objectContaining({ code: "IPAM_ADDRESS_OUTSIDE_SUBNET" }),
  );
});

test("StateStore.transact on a full disk keeps neither the container nor its lease, and works again when there is room", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  const ipam = openIpam(store);
  const large = { ...rowOf("a"), command: ["x".repeat(100_000)] };
  fillDisk(store);
  const create = (row: ContainerRow) =>
    store.transact(row.name, () => {
      const lease = ipam.allocate({ network: "default", containerId: row.id });
      try {
        store.insertContainer(row);
      } catch (error) {
        ipam.abandon(lease);
        throw error;
      }
    });
  expect(() => create(large)).toThrowError(WRITE_FAILED);
  expect(store.listContainers()).toEqual([]);
  expect([...ipam.list()]).toEqual([]);
  store.database.pragma("max_page_count = 1000000");
  create(large);
  expect(store.listContainers()).toEqual([large]);
  expect([...ipam.list()]).toHaveLength(1);
});

test("StateStore.saveNetwork and setMeta on a full disk say so", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  fillDisk(store);
  expect(() => store.setMeta("instance", "x".repeat(100_000))).toThrowError(WRITE_FAILED);
  expect(() => store.saveNetwork({ ...NETWORK, bridge: "x".repeat(100_000) })).toThrowError(WRITE_FAILED);
  expect(() => store.updateContainerState(rowOf("a"))).not.toThrowError();
});

test("StateStore.transact refuses a second container of one name", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  store.transact("a", () => store.insertContainer(rowOf("a")));
  expect(() => store.transact("a", () => store.insertContainer(rowOf("a", "f".repeat(64))))).toThrowError(WRITE_FAILED);
  expect(store.listContainers()).toEqual([rowOf("a")]);
});

test("StateStore.preview shows what a change would do and leaves nothing of it, whether it returns or throws", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  const shown = store.preview(() => {
    store.insertContainer(rowOf("a"));
    return store.listContainers();
  });
  expect(shown).toEqual([rowOf("a")]);
  expect(() =>
    store.preview(() => {
      store.insertContainer(rowOf("a"));
      throw new RangeError("no");
    }),
  ).toThrowError(RangeError);
  expect(store.listContainers()).toEqual([]);
  store.transact("a", () => store.insertContainer(rowOf("a")));
  expect(store.listContainers()).toEqual([rowOf("a")]);
});

test("StateStore.deleteContainer forgets one", () => {
  using directory = new TemporaryDirectory();
  using store = new StateStore(directory.file("netd.db"));
  store.transact("both", () => {
    store.insertContainer(rowOf("a"));
    store.insertContainer(rowOf("b"));
  });
  store.transact("a", () => store.deleteContainer(rowOf("a").id));
  expect(store.listContainers()).toEqual([rowOf("b")]);
});

test.each<[what: string, prepare: (path: string) => void]>([
  ["is a directory", (path) => mkdirSync(path)],
  [
    "is no database",
    (path) => writeFileSync(path, "this is a text of more than a hundred bytes, no database\n".repeat(99)),
  ],
])("StateStore refuses a path that %s, and says so", (_what, prepare) => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  prepare(path);
  expect(() => new StateStore(path)).toThrowError(
    expect.objectContaining({ code: "STATE_WRITE_FAILED", message: expect.stringContaining(path) }),
  );
});

test("StateStore refuses a path in a directory that is not there, and makes none", () => {
  using directory = new TemporaryDirectory();
  expect(() => new StateStore(directory.file("missing/netd.db"))).toThrowError(WRITE_FAILED);
  expect(existsSync(directory.file("missing"))).toBe(false);
});

test("StateStore refuses a file that cannot be written", () => {
  // Nobody can write here, root included.
  expect(() => new StateStore("/proc/self/status")).toThrowError(WRITE_FAILED);
});

test("StateStore refuses the file of a newer netd, and leaves it as it was", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  {
    using store = new StateStore(path);
    store.setMeta("schema", "3");
  }
  expect(() => new StateStore(path)).toThrowError(
    expect.objectContaining({ code: "STATE_WRITE_FAILED", message: expect.stringContaining("schema 3") }),
  );
  const database = new Database(path);
  try {
    expect(database.prepare("SELECT value FROM meta WHERE key = 'schema'").get()).toMatchObject({ value: "3" });
  } finally {
    database.close();
  }
});

test("StateStore sees what a first netd committed but did not live to check in", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  using killed = new StateStore(path);
  killed.transact("a", () => killed.insertContainer(rowOf("a")));
  expect(existsSync(`${path}-wal`)).toBe(true);
  using store = new StateStore(path);
  expect(store.listContainers()).toEqual([rowOf("a")]);
});

test("StateStore brings a file of version 1 to today's, once: one network with IPv4, one endpoint for each container in it", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("netd.db");
  const network = {
    name: "default",
    bridge: "br9",
    subnet: "10.9.0.0/24",
    gateway: "10.9.0.254",
    mac: "02:42:0a:09:00:fe",
    isAdopted: true,
  };
  const { endpoints: _endpoints, ports: _ports, state: _state, ...definition } = rowOf("web");
  const fixed = { ...definition, spec: { ...definition.spec, ip: "10.9.0.7", mac: "02:42:00:00:00:07" } };
  const joined = { ...definition, id: "b".repeat(64), name: "side", network: `container:${definition.id}` };
  const lonely = { ...definition, id: "c".repeat(64), name: "lonely", network: "none" };
  const state = { state: "exited", exitCode: 3 };
  const database = new Database(path);
  database.exec(`
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE networks (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
    CREATE TABLE containers (
      id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, state TEXT NOT NULL
    ) STRICT;
    INSERT INTO meta VALUES ('schema', '1'), ('instance', '0badcafe');
  `);
  database.prepare("INSERT INTO networks VALUES (?, ?)").run("default", JSON.stringify(network));
  for (const row of [fixed, joined, lonely]) {
    database
      .prepare("INSERT INTO containers VALUES (?, ?, ?, ?)")
      .run(row.id, row.name, JSON.stringify(row), JSON.stringify(state));
  }
  database.close();

  const read = () => {
    using store = new StateStore(path);
    return { schema: store.getMeta("schema"), networks: store.listNetworks(), containers: store.listContainers() };
  };
  const upgraded = read();
  expect(upgraded.schema).toBe("2");
  expect(upgraded.networks).toEqual([
    {
      ...networkDefaults(),
      ...network,
      id: expect.stringMatching(/^[0-9a-f]{10}$/),
      createdAt: expect.stringMatching(/^\d{4}-/),
    },
  ]);
  const endpoint = { network: "default", interface: "eth0", aliases: [], ip: "10.9.0.7", mac: "02:42:00:00:00:07" };
  expect(upgraded.containers).toEqual([
    { ...fixed, ...state, endpoints: [endpoint], ports: [] },
    { ...joined, ...state, endpoints: [], ports: [] },
    { ...lonely, ...state, endpoints: [], ports: [] },
  ]);
  expect(read()).toEqual(upgraded);
});
