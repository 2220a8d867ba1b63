/**
 * `update`: change the limits of a container.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { Cgroups } from "../../kernel/index.ts";
import type { OciResources } from "../oci/config.ts";
import { readOciDocument } from "../oci/load-bundle.ts";
import { parseOciResources } from "../oci/parse-config.ts";
import type { CommandCall } from "./command.ts";
import type { Flags } from "./command-line.ts";
import { findStatus } from "./container-status.ts";
import { StateStore } from "./state-store.ts";

const UNIT_BYTES: Record<string, number> = { "": 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Update. */
export function update({ args, flags, global, report }: CommandCall): number {
  const store = new StateStore(global.root);
  const id = args[0]!; // its count was checked
  const state = store.readState(id);
  const file = flags.text("resources");
  const document = file === undefined ? readFlags(flags) : readOciDocument(file === "-" ? 0 : file);
  const resources = parseOciResources(document, report.warn);
  if (findStatus(store, state) === "stopped") {
    throw new NetdError("CONTAINER_NOT_RUNNING", `Cannot update container "${id}": container not running`, {
      remedy: "Start it first",
    });
  }
  // Devices are not for changing: what a program has open stays open.
  const { devices: _devices, ...limits } = resources;
  new Cgroups().update(state.cgroupsPath, limits);
  const config = store.readConfig(id);
  const merged = merge(config.linux.resources ?? {}, limits);
  store.writeConfig(id, { ...config, linux: { ...config.linux, resources: merged } });
  return 0;
}

/** Limits as flags; each stands for one property. */
function readFlags(flags: Flags): OciResources {
  for (const flag of ["l3-cache-schema", "mem-bw-schema"]) {
    if (!flags.has(flag)) continue;
    throw new NetdError("FEATURE_UNSUPPORTED", `Cannot apply --${flag}: netd-runtime has no Intel RDT`, {
      remedy: `Leave --${flag} away`,
    });
  }
  const number = (flag: string, property: string) => {
    const value = flags.number(flag);
    return value === undefined ? {} : { [property]: value };
  };
  const text = (flag: string, property: string) => (flags.has(flag) ? { [property]: flags.text(flag) } : {});
  const size = (flag: string, property: string) => {
    const value = flags.text(flag);
    return value === undefined || value === "" ? {} : { [property]: parseSize(flag, value) };
  };
  const memory = {
    ...size("memory", "limit"),
    ...size("memory-reservation", "reservation"),
    ...size("memory-swap", "swap"),
  };
  const cpu = {
    ...number("cpu-period", "period"),
    ...number("cpu-quota", "quota"),
    ...number("cpu-burst", "burst"),
    ...number("cpu-share", "shares"),
    ...number("cpu-rt-period", "realtimePeriod"),
    ...number("cpu-rt-runtime", "realtimeRuntime"),
    ...number("cpu-idle", "idle"),
    ...text("cpuset-cpus", "cpus"),
    ...text("cpuset-mems", "mems"),
  };
  const pids = flags.number("pids-limit");
  const weight = flags.number("blkio-weight");
  return {
    ...(Object.keys(memory).length === 0 ? {} : { memory }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
    ...(weight === undefined ? {} : { blockIO: { weight } }),
  };
}

/** Parse `64m`, `67108864` or `-1`, in bytes. */
function parseSize(flag: string, text: string): number {
  if (text === "-1") return -1;
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([bkmgt]?)i?b?$/i.exec(text) ?? [];
  if (digits !== undefined) return Math.floor(Number(digits) * (UNIT_BYTES[unit.toLowerCase()] ?? 1));
  throw new NetdError("API_REQUEST_INVALID", `Cannot use "${text}" of --${flag}: a size in bytes wanted`, {
    remedy: `Give a size, as in '--${flag} 64m', or -1 for no limit`,
  });
}

/** Put what is given over what was there, one level deep: that is where single limits are. */
function merge(old: OciResources, given: OciResources): OciResources {
  const merged: Record<string, unknown> = { ...old };
  for (const [key, value] of Object.entries(given)) {
    const before = merged[key];
    const isObject = typeof value === "object" && !Array.isArray(value) && typeof before === "object";
    merged[key] = isObject ? { ...before, ...value } : value;
  }
  return merged;
}
