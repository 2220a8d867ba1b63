import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Capture } from "../support/capture.ts";
import { must } from "../support/foreign-host.ts";
import { sctpInitFrame, sendFrames, synFrame } from "../support/frames.ts";
import type { LiveProgram } from "../support/live-program.ts";
import type { NetworkedInfo } from "../support/networked-info.ts";
import { TestSandbox } from "../support/sandbox.ts";
import { ask, serve } from "../support/talk.ts";

/** The host on its uplink, and on a second link to a namespace `lan` that knows the way through the host. */
const HOST = "198.51.100.2";
const HOST_V6 = "2001:db8:100::2";
const INTERNET = "198.51.100.1";
const SECOND = "192.0.2.2";
const LAN = "192.0.2.9";

const PORTS = [
  ...["8080:80", "0.0.0.0:8081:80", `${HOST}:8082:80`, "0.0.0.0%up0:8083:80", `${HOST}:8085:53/udp`],
  ...["0.0.0.0:9000-9003:9000-9003", "0.0.0.0:9100-9101:9000-9001", "[::]:8081:80", `[${HOST_V6}]:8084:80`],
  "0.0.0.0:8086:8087/sctp",
];

let sandbox: TestSandbox;
const servers: LiveProgram[] = [];
const addresses = new Map<string, string>();
/** Of the network that the container with the ports is in. */
const bridge = "brlab";

async function start(name: string, network: string, ...options: string[]): Promise<void> {
  await sandbox.ok("run", "-d", "--name", name, "--network", network, ...options, "busybox", "sleep", "10000");
  const [{ endpoint }] = await sandbox.json<[NetworkedInfo]>("inspect", name);
  addresses.set(name, endpoint.address ?? "");
}

const mac = async (netns: string, link: string) =>
  (await must(sandbox, `${netns && `nsenter --net=/run/netns/${netns}`} ip -br link show ${link}`)).split(/ +/)[2] ??
  "";

beforeAll(async () => {
  sandbox = await TestSandbox.create();
  await must(
    sandbox,
    `ip netns add lan
     ip link add second0 type veth peer name eth0 netns lan
     ip address add ${SECOND}/24 dev second0
     ip link set second0 up
     ip -n lan link set lo up
     ip -n lan address add ${LAN}/24 dev eth0
     ip -n lan link set eth0 up
     ip -n lan route add default via ${SECOND}
     ip -n internet route add 192.0.2.0/24 via ${HOST}`,
  );
  await sandbox.ok("net", "create", "lab", "--subnet6", "auto", "--bridge", bridge);
  await start("web", "lab", ...PORTS.flatMap((port) => ["-p", port]));
  await start("sibling", "lab");
  await start("other", "default");
  const ports = [80, 9000, 9001, 9002, 9003].map((port) => `tcp/${port}`);
  servers.push(await serve(sandbox, "web", { name: "web", ports: [...ports, "udp/53"] }));
  servers.push(await serve(sandbox, "lan", { name: "lan", ports: ["tcp/8081", "tcp/9001"] }));
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
});

describe("a port published", () => {
  test("without an address is open on 127.0.0.1, and closed to the LAN, to containers and on other addresses", async () => {
    expect(await ask(sandbox, undefined, "tcp/127.0.0.1/8080")).toEqual([expect.stringContaining("web was asked by")]);
    for (const from of [undefined, "internet", "lan", "sibling", "other"]) {
      expect(await ask(sandbox, from, `tcp/${HOST}/8080`, `tcp/${SECOND}/8080`), from).toEqual(["refused", "refused"]);
    }
  });

  test("on 0.0.0.0 is open on all addresses, and the container sees who asks", async () => {
    const places = [`tcp/${HOST}/8081`, `tcp/${SECOND}/8081`];
    const by = (address: string | undefined) => [`web was asked by ${address}`, `web was asked by ${address}`];
    expect(await ask(sandbox, "internet", ...places)).toEqual(by(INTERNET));
    expect(await ask(sandbox, "lan", ...places)).toEqual(by(LAN));
    expect(await ask(sandbox, undefined, ...places, "tcp/127.0.0.1/8081")).not.toContain("refused");
    // A container of another network comes as itself; what would be answered past the host comes as the host.
    expect(await ask(sandbox, "other", ...places)).toEqual(by(addresses.get("other")));
    for (const from of ["sibling", "web"]) {
      const answers = await ask(sandbox, from, ...places, `tcp/${await gateway()}/8081`);
      for (const answer of answers) expect(answer, from).toContain("web was asked by");
    }
  });

  test("on one address is open there alone, whichever link it is asked by", async () => {
    const places = [`tcp/${HOST}/8082`, `tcp/${SECOND}/8082`];
    expect(await ask(sandbox, "internet", ...places)).toEqual([`web was asked by ${INTERNET}`, "refused"]);
    expect(await ask(sandbox, "lan", ...places)).toEqual([`web was asked by ${LAN}`, "refused"]);
  });

  test("on a link is open to those who come by it alone", async () => {
    expect(await ask(sandbox, "internet", `tcp/${HOST}/8083`)).toEqual([`web was asked by ${INTERNET}`]);
    expect(await ask(sandbox, "lan", `tcp/${HOST}/8083`, `tcp/${SECOND}/8083`)).toEqual(["refused", "refused"]);
  });

  test("over UDP gets datagrams from outside, and answers with the address that was asked", async () => {
    expect(await ask(sandbox, "internet", `udp/${HOST}/8085`)).toEqual([`web was asked by ${INTERNET}`]);
    expect(await ask(sandbox, "lan", `tcp/${HOST}/8085`)).toEqual(["refused"]);
  });

  test("as a range leads each port to its own, with the same numbers or others", async () => {
    const open = [9000, 9001, 9002, 9003, 9100, 9101].map((port) => `tcp/${HOST}/${port}`);
    const answers = await ask(sandbox, "internet", ...open, `tcp/${HOST}/9004`, `tcp/${HOST}/9102`);
    expect(answers).toEqual([...open.map(() => `web was asked by ${INTERNET}`), "refused", "refused"]);
  });

  // By a frame, because few kernels come with sockets for it.
  test("over SCTP leads into the container", async () => {
    await using heard = await Capture.start(sandbox, { netns: "web", link: "eth0" });
    const ends = { fromMac: await mac("internet", "down0"), toMac: await mac("", "up0"), from: INTERNET, to: HOST };
    await sendFrames(sandbox, { netns: "internet", link: "down0" }, [sctpInitFrame(ends, 8086)]);
    expect(await heard.until(/INIT/)).toContain(`${INTERNET}.40000 > ${addresses.get("web")}.8087: sctp`);
  });

  test("over IPv6 is open on [::] or on one address, to the LAN, to containers and to itself", async () => {
    const by = `web was asked by 2001:db8:100::1`;
    const places = [`tcp/${HOST_V6}/8081`, `tcp/${HOST_V6}/8084`];
    expect(await ask(sandbox, "internet", ...places, `tcp/${HOST_V6}/8080`)).toEqual([by, by, "refused"]);
    for (const from of [undefined, "sibling", "web"]) {
      for (const answer of await ask(sandbox, from, ...places)) expect(answer, from).toContain("web was asked by");
    }
  });

  test("on [::] is refused at ::1, so that programs fall back to 127.0.0.1", async () => {
    expect(await ask(sandbox, undefined, "tcp/::1/8081")).toEqual(["refused"]);
  });

  test("on [::1] is refused, and says what to do instead", async () => {
    const { exitCode, stderr } = await sandbox.netctl("publish", "web", "[::1]:8090:80");
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("::1 to another host") });
    expect(stderr).toContain("Publish on [::] or on 127.0.0.1");
  });

  test("does not take what passes the host on its way to the same port of somebody else", async () => {
    const places = [`tcp/${LAN}/8081`, `tcp/${LAN}/9001`];
    const by = `lan was asked by ${INTERNET}`;
    expect(await ask(sandbox, "internet", ...places)).toEqual([by, by]);
    for (const from of ["web", "sibling", "other", undefined]) {
      for (const answer of await ask(sandbox, from, ...places)) expect(answer, from).toContain("lan was asked by");
    }
  });
});

describe("a crafted SYN for 127.0.0.1", () => {
  test("from the LAN reaches no published port, though somebody allows such packets on the uplink", async () => {
    const routeLocalnet = "/proc/sys/net/ipv4/conf";
    expect(await must(sandbox, `cd ${routeLocalnet}; cat ${bridge}/route_localnet up0/route_localnet`)).toBe("1\n0\n");
    await must(sandbox, `echo 1 > ${routeLocalnet}/up0/route_localnet`);
    const ends = { fromMac: await mac("internet", "down0"), toMac: await mac("", "up0"), to: "127.0.0.1" };
    await using heard = await Capture.start(sandbox, { netns: "web", link: "eth0" });
    await sendFrames(sandbox, { netns: "internet", link: "down0" }, [
      synFrame({ ...ends, from: INTERNET }, 8080),
      synFrame({ ...ends, from: "127.0.0.1" }, 8080),
      synFrame({ ...ends, from: INTERNET }, 8081),
      synFrame({ ...ends, from: INTERNET, to: HOST }, 9003),
    ]);
    expect(await heard.until(/\.9003: Flags \[S\]/)).not.toMatch(/\.80: Flags \[S\]/);
    await must(sandbox, `echo 0 > ${routeLocalnet}/up0/route_localnet`);
  });

  test("from a neighbour on the bridge reaches neither a published port nor what listens on the host alone", async () => {
    servers.push(await serve(sandbox, undefined, { name: "host", ports: ["tcp/7000"] }));
    const ends = { fromMac: await mac("sibling", "eth0"), toMac: await mac("", bridge), to: "127.0.0.1" };
    const from = addresses.get("sibling") ?? "";
    await using heard = await Capture.start(sandbox, { netns: "web", link: "eth0" });
    await using answered = await Capture.start(sandbox, { netns: "sibling", link: "eth0" });
    await sendFrames(sandbox, { netns: "sibling", link: "eth0" }, [
      synFrame({ ...ends, from }, 8080),
      synFrame({ ...ends, from }, 7000),
      synFrame({ ...ends, from, to: await gateway() }, 9003),
      synFrame({ ...ends, from, to: await gateway() }, 7000),
    ]);
    expect(await heard.until(/\.9003: Flags \[S\]/)).not.toMatch(/\.80: Flags \[S\]/);
    expect(await answered.until(/\.1\.7000 > .*Flags \[S\.\]/)).not.toContain("127.0.0.1.7000 >");
  });
});

async function gateway(): Promise<string> {
  return (await must(sandbox, `ip -br -4 address show ${bridge}`)).split(/ +/)[2]?.split("/")[0] ?? "";
}
