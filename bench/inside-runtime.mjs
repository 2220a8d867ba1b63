// The runtime without a network: netd-runtime's own command line and netd's API beside runc, on the same root file system.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { interleave } from "./statistics.mjs";

/** How long each of the three may take: times of `runc run`, and milliseconds. */
const WANTED = { command: "≤ 4", api: "≤ 0.4", exec: "≤ 6 ms" };

/** Compare; returns times by contestant, those of the API by request, their yardstick and what is wanted. `timeCommand(command, argv)` makes a contestant. */
export async function compareRuntime({ connection, directory, rounds, timeCommand }) {
  const bundle = makeBundle(directory);
  const run = (...command) => timeCommand(command[0], [...command.slice(1), "run", "--bundle", bundle, "bench"]);
  // A container's --root is on a tmpfs, as it is by default.
  const names = {
    command: "netd-runtime run, whole process",
    api: "API, --network none: create, start, wait, delete",
    runc: "runc run, whole process",
  };
  const shares = { create: [], start: [], wait: [], delete: [] };
  const times = await interleave(
    {
      [names.command]: run("netd-runtime"),
      [names.api]: async (round) => {
        const name = `none-${round}`;
        const marks = [performance.now()];
        const mark = (result) => {
          marks.push(performance.now());
          return result;
        };
        mark(
          await connection.call("POST", "/v1/containers", {
            image: "busybox",
            name,
            command: ["true"],
            network: "none",
          }),
        );
        mark(await connection.call("POST", `/v1/containers/${name}/start`));
        const { exitCode } = mark(await connection.call("POST", `/v1/containers/${name}/wait`));
        mark(await connection.call("DELETE", `/v1/containers/${name}`));
        if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}`);
        for (const [index, list] of Object.values(shares).entries()) list.push(marks[index + 1] - marks[index]);
        return marks[4] - marks[0];
      },
      [names.runc]: run("runc"),
    },
    { rounds, warmups: 5 },
  );
  return { times, shares, yardstick: names.runc, wanted: { [names.command]: WANTED.command, [names.api]: WANTED.api } };
}

/** Time `true` in a container that runs, from the request to its exit code. */
export async function timeExec({ connection, rounds }) {
  const name = "API: exec of true in a running container";
  const idle = { image: "busybox", name: "idle", command: ["sleep", "1000"], network: "none" };
  await connection.call("POST", "/v1/containers", idle);
  await connection.call("POST", "/v1/containers/idle/start");
  const exec = async () => {
    const start = performance.now();
    const exitCode = await connection.exec("/v1/containers/idle/exec", { command: ["true"] });
    if (exitCode !== 0) throw new Error(`true ended with ${exitCode}`);
    return performance.now() - start;
  };
  const times = await interleave({ [name]: exec }, { rounds, warmups: 5 });
  await connection.call("DELETE", "/v1/containers/idle?force=1");
  return { times, wanted: { [name]: WANTED.exec } };
}

/** A bundle that both runtimes take, with a root file system of nothing but busybox. */
function makeBundle(directory) {
  const bundle = join(directory, "bundle");
  mkdirSync(bundle);
  if (spawnSync("runc", ["spec", "--bundle", bundle]).status !== 0)
    throw new Error("runc is missing: apt install runc");
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  config.process.terminal = false;
  config.process.args = ["true"];
  config.root = { path: join(directory, "rootfs"), readonly: true };
  config.mounts = config.mounts.filter(({ type }) => type !== "cgroup");
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  return bundle;
}
