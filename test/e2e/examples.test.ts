import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { DIST } from "../support/sandbox.ts";

const EXAMPLES = resolve(import.meta.dirname, "../../examples");
const names = readdirSync(EXAMPLES).filter((name) => existsSync(`${EXAMPLES}/${name}/run.sh`));

describe("examples", () => {
  test.each(names)("%s prints what its expected.txt says", async (name) => {
    const { stdout, stderr } = await promisify(execFile)("sh", [`${EXAMPLES}/${name}/run.sh`]);
    expect(stderr).toBe("");
    expect(stdout).toBe(readFileSync(`${EXAMPLES}/${name}/expected.txt`, "utf8"));
  });

  test.each(names)("%s has a README that shows how to run it", (name) => {
    expect(readFileSync(`${EXAMPLES}/${name}/README.md`, "utf8")).toContain(`sh examples/${name}/run.sh`);
  });
});

describe("the demo", () => {
  const argv = [`${DIST}/netctl.cjs`, "sandbox", "--", "sh", `${EXAMPLES}/demo.sh`];

  test("launches three containers that reach each other and the internet", async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, argv);
    expect(stderr).toBe("");
    const lines = stdout.split("\n");
    expect(lines.filter((line) => /^\$ netctl exec . ping /.test(line))).toHaveLength(5);
    expect(lines.filter((line) => line.endsWith("2 packets received, 0% packet loss"))).toHaveLength(5);
    expect(stdout).toContain("This is www.example.net. You come from 198.51.100.2.\n");
    for (const [index, name] of ["a", "b", "c"].entries()) {
      expect(stdout).toMatch(new RegExp(`^172\\.16\\.0\\.${index + 2} .* ${name} +default .* running `, "m"));
    }
    expect(stdout).toMatch(/^ip netns add b$/m);
    expect(stdout).toMatch(/\na\nb\nc\n$/);
  });

  test("refuses to run on the host itself", () => {
    const run = (): string =>
      execFileSync("sh", [`${EXAMPLES}/demo.sh`], { env: { PATH: process.env.PATH }, stdio: "pipe", encoding: "utf8" });
    expect(run).toThrow("try: netctl sandbox");
  });
});
