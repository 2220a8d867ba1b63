/**
 * The options that limit a container, with docker's meaning.
 *
 * @module
 */
import type { Command } from "commander";
import type { ContainerSpec, DeviceRate, UpdateSpec } from "../api/index.ts";
import { collect } from "./command-options.ts";
import { integerParser, parseCpus } from "./parse-number.ts";
import { parseMemory, parseSize, parseSwap } from "./parse-size.ts";
import { UsageError } from "./usage-error.ts";

/** Limits that may change while a container lives, as commander parses them. */
export interface ChangeableLimitOptions {
  memory?: number;
  memoryReservation?: number;
  memorySwap?: number;
  cpus?: number;
  cpuShares?: number;
  cpuPeriod?: number;
  cpuQuota?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  pidsLimit?: number;
  blkioWeight?: number;
}

/** All limits, as commander parses them. */
export interface LimitOptions extends ChangeableLimitOptions {
  memorySwappiness?: number;
  oomKillDisable?: boolean;
  blkioWeightDevice?: string[];
  deviceReadBps?: string[];
  deviceWriteBps?: string[];
  deviceReadIops?: string[];
  deviceWriteIops?: string[];
  deviceCgroupRule?: string[];
  cgroupParent?: string;
  cgroupns?: "private" | "host";
}

/** Add the options of limits that may change while a container lives. */
export function addLimitOptions(command: Command): Command {
  return command
    .option("-m, --memory <size>", "limit of memory, such as 64m", parseMemory)
    .option("--memory-reservation <size>", "memory that it keeps when others need some", parseMemory)
    .option(
      "--memory-swap <size>",
      "limit of memory and swap together (default: twice the memory; -1: none)",
      parseSwap,
    )
    .option("--cpus <number>", "limit of processor time, such as 0.5", parseCpus)
    .option("-c, --cpu-shares <number>", "its weight when others want the processors, too (default: 1024)", parseShares)
    .option("--cpu-period <microseconds>", "period of --cpu-quota (default: 100000)", integerParser("--cpu-period", 0))
    .option(
      "--cpu-quota <microseconds>",
      "processor time in each period (-1: no limit)",
      integerParser("--cpu-quota", -1),
    )
    .option("--cpuset-cpus <list>", "processors that it runs on, such as 0-2,4", listParser("--cpuset-cpus"))
    .option("--cpuset-mems <list>", "memory nodes that it uses", listParser("--cpuset-mems"))
    .option("--pids-limit <number>", "limit of processes (-1: none)", integerParser("--pids-limit", -1))
    .option("--blkio-weight <number>", "its weight in block I/O, 10 to 1000", integerParser("--blkio-weight", 0));
}

/** Add the options of limits that are fixed at creation. */
export function addCreationLimitOptions(command: Command): Command {
  return command
    .option("--memory-swappiness <percent>", "how readily its memory is swapped (-1: as the host's)", parseSwappiness)
    .option("--oom-kill-disable", "have processes wait, instead of killing one, when its memory is full")
    .option("--blkio-weight-device <device:weight>", "its weight in I/O of one device", collect)
    .option(
      "--device-read-bps <device:rate>",
      "limit of bytes a second read from a device, such as /dev/sda:1mb",
      collect,
    )
    .option("--device-write-bps <device:rate>", "limit of bytes a second written to a device", collect)
    .option("--device-read-iops <device:rate>", "limit of reads a second from a device", collect)
    .option("--device-write-iops <device:rate>", "limit of writes a second to a device", collect)
    .option("--device-cgroup-rule <rule>", "allow devices by type, numbers and access, such as 'c 1:* rm'", collect)
    .option("--cgroup-parent <path>", "cgroup that its own is made in")
    .option("--cgroupns <mode>", "private: it sees its own cgroup as the root; host (default: private)", parseCgroupns);
}

/** The limits to change. */
export function toLimitChange(options: ChangeableLimitOptions): UpdateSpec {
  const { memory, memoryReservation, memorySwap, cpus, cpuShares, cpuPeriod, cpuQuota } = options;
  const { cpusetCpus, cpusetMems, pidsLimit, blkioWeight } = options;
  return withoutAbsent({
    memoryBytes: memory,
    memoryReservationBytes: memoryReservation,
    // A zero is docker's "not asked for".
    memorySwapBytes: memorySwap || undefined,
    cpus,
    cpuShares: cpuShares || undefined,
    cpuPeriodUs: cpuPeriod || undefined,
    cpuQuotaUs: cpuQuota || undefined,
    cpusetCpus,
    cpusetMems,
    pidsLimit,
    blkioWeight: blkioWeight || undefined,
  });
}

/** The part of a specification that the options make. @throws {UsageError} */
export function toLimitSpec(options: LimitOptions): Partial<ContainerSpec> {
  const { pidsLimit, ...changeable } = toLimitChange(options);
  const { memorySwappiness, oomKillDisable, cgroupParent, cgroupns, deviceCgroupRule } = options;
  const { restart: _restart, ...limits } = changeable;
  return {
    ...limits,
    ...withoutAbsent({
      // Docker takes 0 and -1 for "no limit".
      pidsLimit: pidsLimit !== undefined && pidsLimit > 0 ? pidsLimit : undefined,
      memorySwappiness: memorySwappiness === -1 ? undefined : memorySwappiness,
      oomKillDisable,
      blkioWeightDevices: options.blkioWeightDevice?.map(parseWeight),
      deviceReadBps: options.deviceReadBps?.map(rateParser("--device-read-bps", true)),
      deviceWriteBps: options.deviceWriteBps?.map(rateParser("--device-write-bps", true)),
      deviceReadIops: options.deviceReadIops?.map(rateParser("--device-read-iops", false)),
      deviceWriteIops: options.deviceWriteIops?.map(rateParser("--device-write-iops", false)),
      deviceCgroupRules: deviceCgroupRule?.map(parseDeviceRule),
      cgroupParent: cgroupParent || undefined,
      cgroupns,
    }),
  };
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Present<T>;
}

/** The kernel takes 2 to 262144 and would silently bring anything else into that range; 0 is docker's default. */
function parseShares(text: string): number {
  const shares = integerParser("--cpu-shares", 0)(text);
  return shares === 0 ? 0 : Math.min(Math.max(shares, 2), 262_144);
}

function parseSwappiness(text: string): number {
  const percent = integerParser("--memory-swappiness", -1)(text);
  if (percent <= 100) return percent;
  throw new UsageError(`Cannot read --memory-swappiness '${text}': 0 to 100 wanted`, "--memory-swappiness 10");
}

function listParser(option: string): (text: string) => string {
  return (text) => {
    if (/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return text;
    throw new UsageError(`Cannot read ${option} '${text}': a list of numbers and ranges wanted`, `${option} 0-2,4`);
  };
}

function parseWeight(text: string): { path: string; weight: number } {
  const { path, value } = splitDevice(text, "--blkio-weight-device /dev/sda:500");
  return { path, weight: integerParser("--blkio-weight-device", 10)(value) };
}

function rateParser(option: string, isSize: boolean): (text: string) => DeviceRate {
  const example = `${option} /dev/sda:${isSize ? "1mb" : "1000"}`;
  return (text) => {
    const { path, value } = splitDevice(text, example);
    return { path, rate: isSize ? parseSize(value, example) : integerParser(option, 0)(value) };
  };
}

function splitDevice(text: string, example: string): { path: string; value: string } {
  const [, path, value] = /^(\/.*):([^:]+)$/.exec(text) ?? [];
  if (path !== undefined && value !== undefined) return { path, value };
  throw new UsageError(`Cannot read '${text}': the path of a device, a colon and a number wanted`, example);
}

function parseDeviceRule(text: string): string {
  if (/^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(text)) return text;
  throw new UsageError(
    `Cannot read --device-cgroup-rule '${text}': type, numbers and access wanted`,
    "--device-cgroup-rule 'c 1:* rm'",
  );
}

function parseCgroupns(text: string): "private" | "host" {
  if (text === "private" || text === "host") return text;
  throw new UsageError(`Cannot read --cgroupns '${text}': private or host wanted`, "--cgroupns host");
}
