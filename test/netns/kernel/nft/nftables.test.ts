import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Nftables } from "../../../../src/kernel/index.ts";
import { TestNetns } from "../../../support/netns.ts";

const TABLE =
  'table inet netd {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n\t\tiifname "br0" accept\n\t}\n}\n';

describe("Nftables", () => {
  test("Nftables runs text inside its namespace, as nft lists it", async () => {
    await using netns = TestNetns.create();
    using nftables = Nftables.open(netns.name);
    expect(nftables.run(TABLE)).toBe("");
    expect(netns.run("nft", "list", "ruleset")).toBe(TABLE);
  });

  test("Nftables runs a JSON document", async () => {
    await using netns = TestNetns.create();
    using nftables = Nftables.open(netns.name);
    nftables.runJson({ nftables: [{ add: { table: { family: "inet", name: "netd" } } }] });
    expect(netns.run("nft", "list", "tables")).toBe("table inet netd\n");
  });

  test("Nftables lists as JSON what nft -j lists", async () => {
    await using netns = TestNetns.create();
    using nftables = Nftables.open(netns.name);
    nftables.run(TABLE);
    expect(nftables.list("list ruleset")).toEqual(netns.json("nft", "-j", "list", "ruleset"));
  });

  test("Nftables does all of a transaction or nothing", async () => {
    await using netns = TestNetns.create();
    using nftables = Nftables.open(netns.name);
    const wrong = "add table inet good\nadd rule inet good nowhere accept\n";
    expect(() => nftables.run(wrong)).toThrow(
      expect.objectContaining({ code: "NFT_FAILED", message: expect.stringContaining("No such file or directory") }),
    );
    expect(netns.run("nft", "list", "ruleset")).toBe("");
  });

  test("Nftables says in the library's words what is wrong with the text", async () => {
    await using netns = TestNetns.create();
    using nftables = Nftables.open(netns.name);
    expect(() => nftables.run("add tabel inet x")).toThrow(/syntax error/);
  });

  test("Nftables goes on after an error, whose text does not come back", async () => {
    await using netns = TestNetns.create();
    using nftables = Nftables.open(netns.name);
    expect(() => nftables.run("nonsense")).toThrow();
    expect(nftables.run("list tables")).toBe("");
    expect(() => nftables.run("delete table inet x")).toThrow(/^(?!.*syntax)/);
  });

  test("Nftables tells the text of a table, and of none", async () => {
    await using netns = TestNetns.create();
    using nftables = Nftables.open(netns.name);
    nftables.run(TABLE);
    expect(nftables.tableText({ family: "inet", name: "netd" })).toBe(TABLE);
    expect(nftables.tableText({ family: "ip", name: "netd" })).toBeUndefined();
  });

  test("Nftables leaks no descriptor", async () => {
    await using netns = TestNetns.create();
    const count = (): number => readdirSync("/proc/self/fd").length;
    const before = count();
    for (let i = 0; i < 20; i++) {
      using nftables = Nftables.open(netns.name);
      nftables.run("list tables");
    }
    expect(count()).toBe(before);
  });
});
