#!/usr/bin/env node
// One-shot netd-runtime side by side with runc, on the same bundle: node bench/one-shot.mjs [--rounds N] [--commands DIR]
//
// Prints figures, the ratio of medians and what was wanted of it; asserts nothing. As root.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { interleave, median, quantile } from "./statistics.mjs";
import { formatMs, formatTable } from "./table.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "30" },
    commands: { type: "string", default: join(HERE, "../dist") },
  },
});
const WANTED = 4;
const ID = `netd-bench-${process.pid}`;

// It adds 20 ms and more to each start of Node, and has nothing to do with any of this.
delete process.env.NODE_EXTRA_CA_CERTS;
const directory = mkdtempSync(join(tmpdir(), "netd-bench-"));
try {
  const bundle = makeBundle();
  const run = (program) => () => {
    const start = performance.now();
    const { status, stderr } = spawnSync(program, ["--root", join(directory, "state"), "run", "-b", bundle, ID]);
    const time = performance.now() - start;
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
    return time;
  };
  const times = await interleave(
    { "netd-runtime run": run(join(options.commands, "netd-runtime.cjs")), "runc run": run("runc") },
    { rounds: Number(options.rounds), warmups: 3 },
  );
  const base = median(times["runc run"]);
  const rows = Object.entries(times).map(([name, list]) => [
    name,
    formatMs(median(list)),
    formatMs(quantile(list, 0.9)),
    (median(list) / base).toFixed(2),
    name === "runc run" ? "" : `≤ ${WANTED}`,
  ]);
  process.stdout.write(`${formatTable(["busybox true, whole process", "median", "90th", "ratio", "wanted"], rows)}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** A bundle of nothing but busybox. */
function makeBundle() {
  const bundle = join(directory, "bundle");
  mkdirSync(join(bundle, "rootfs/bin"), { recursive: true });
  copyFileSync("/bin/busybox", join(bundle, "rootfs/bin/true"));
  spawnSync("runc", ["spec", "--bundle", bundle]);
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  config.process.terminal = false;
  config.process.args = ["true"];
  config.linux.cgroupsPath = `/${ID}`;
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  return bundle;
}
