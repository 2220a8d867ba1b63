import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { planDockerAccept, planDockerRemoval } from "../../../../src/netd/foreign/docker-user.ts";
import { findForeignBlocks } from "../../../../src/netd/foreign/find-blocks.ts";
import type { ForeignTable } from "../../../../src/netd/foreign/foreign-rules.ts";
import { parseIptablesSave } from "../../../../src/netd/foreign/parse-iptables-save.ts";

const INSTANCE = "0a1b2c3d";
const FIXTURE = resolve(import.meta.dirname, "../../../fixtures/foreign-rules/docker-28.5.iptables");

/** docker's table, with more rules at the places of iptables-restore. */
function docker(change: (text: string) => string = (text) => text): ForeignTable {
  const text = change(readFileSync(FIXTURE, "utf8"));
  const filter = text.slice(text.indexOf("*filter"), text.indexOf("COMMIT", text.indexOf("*filter")));
  return { tool: "iptables-nft", family: "ip", name: "filter", chains: parseIptablesSave(filter) };
}

/** The table after our steps. */
function accepted(rules: readonly string[]): ForeignTable {
  const ours = [`-A DOCKER-USER -j NETD-${INSTANCE}`, ...rules.map((rule) => `-A NETD-${INSTANCE} ${rule}`)].join("\n");
  return docker((text) =>
    text
      .replace(":DOCKER-USER - [0:0]", `:DOCKER-USER - [0:0]\n:NETD-${INSTANCE} - [0:0]`)
      .replace("-A FORWARD -j DOCKER-USER", `-A FORWARD -j DOCKER-USER\n${ours}`),
  );
}

function plan(table: ForeignTable, ...bridges: string[]) {
  return planDockerAccept([table], { instance: INSTANCE, bridges });
}

describe("planDockerAccept", () => {
  test("planDockerAccept leads from DOCKER-USER to a chain of ours, and leaves docker's bridges to docker", () => {
    expect(plan(docker(), "br0", "br-0123456789")).toEqual([
      {
        op: "iptables.setChain",
        tool: "iptables-nft",
        chain: `NETD-${INSTANCE}`,
        from: "DOCKER-USER",
        comment: `netd:${INSTANCE}`,
        rules: [
          "-o br0 -j ACCEPT",
          "-o br-0123456789 -j ACCEPT",
          "-o docker+ -j RETURN",
          "-o br-+ -j RETURN",
          "-i br0 -j ACCEPT",
          "-i br-0123456789 -j ACCEPT",
        ],
      },
    ]);
  });

  test("planDockerAccept names docker's bridges whose names docker did not make up", () => {
    const table = docker((text) => text.replaceAll("br-shop", "shop0"));
    expect(plan(table, "br0")).toMatchObject([{ rules: expect.arrayContaining(["-o shop0 -j RETURN"]) }]);
  });

  test("planDockerAccept plans nothing where our chain is as wanted, and again when a bridge comes or the jump is lost", () => {
    const [step] = plan(docker(), "br0");
    const rules = step?.op === "iptables.setChain" ? step.rules : [];
    expect(plan(accepted(rules), "br0")).toEqual([]);
    expect(plan(accepted(rules), "br0", "br1")).toHaveLength(1);
    const unlinked = docker((text) => text.replace(":DOCKER-USER", `:NETD-${INSTANCE} - [0:0]\n:DOCKER-USER`));
    expect(plan(unlinked, "br0")).toHaveLength(1);
  });

  test("planDockerAccept opens all that findForeignBlocks had found", () => {
    const network = {
      name: "default",
      bridge: "br0",
      v4: { gateway: "172.16.0.1", member: "172.16.0.2" },
      isInternal: false,
    };
    const options = { networks: [network], uplink: "up0", isBridgeFiltered: true };
    const [step] = plan(docker(), "br0");
    expect(findForeignBlocks([docker()], options)).toHaveLength(4);
    expect(findForeignBlocks([accepted(step?.op === "iptables.setChain" ? step.rules : [])], options)).toEqual([]);
  });

  test("planDockerAccept leaves tables alone that have no DOCKER-USER", () => {
    expect(
      plan(
        docker((text) => text.replaceAll("DOCKER-USER", "SOMEBODY")),
        "br0",
      ),
    ).toEqual([]);
  });
});

describe("planDockerRemoval", () => {
  test("planDockerRemoval removes our chain and nobody else's", () => {
    expect(planDockerRemoval([docker(), accepted(["-i br0 -j ACCEPT"])], INSTANCE)).toEqual([
      {
        op: "iptables.deleteChain",
        tool: "iptables-nft",
        chain: `NETD-${INSTANCE}`,
        from: "DOCKER-USER",
        comment: `netd:${INSTANCE}`,
      },
    ]);
    expect(planDockerRemoval([accepted([])], "ffffffff")).toEqual([]);
  });
});
