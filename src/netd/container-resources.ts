/**
 * Limits of a container: what a user may ask for, and what it is in an OCI configuration. Pure.
 *
 * @module
 */
import type { ContainerSpec, DeviceRate } from "../api/index.ts";
import { NetdError } from "../errors.ts";
import type { OciDeviceRule, OciResources } from "../runtime/index.ts";

/** What {@link planResources} must know of the host. */
export interface ResourceFacts {
  /** The host can limit swap. */
  hasSwapAccounting: boolean;
  /** Find the numbers of a block device. @throws {NetdError} API_REQUEST_INVALID when it is none */
  deviceNumbers: (path: string) => { major: number; minor: number };
}

type BlockIo = NonNullable<OciResources["blockIO"]>;

/** Period of the CPU quota, in microseconds: docker's. */
const CPU_PERIOD_US = 100_000;

/**
 * Plan the limits of a container, all but devices.
 *
 * @throws {NetdError} API_REQUEST_INVALID when a device is none
 */
export function planResources(spec: ContainerSpec, facts: ResourceFacts): OciResources {
  const memory = planMemory(spec, facts.hasSwapAccounting);
  const cpu = planCpu(spec);
  const blockIO = planBlockIo(spec, facts);
  return {
    ...(isEmpty(memory) ? {} : { memory }),
    ...(isEmpty(cpu) ? {} : { cpu }),
    ...(spec.pidsLimit === undefined ? {} : { pids: { limit: spec.pidsLimit } }),
    ...(isEmpty(blockIO) ? {} : { blockIO }),
  };
}

/** Parse a rule of devices, such as `c 1:3 rwm`; its form was checked. */
export function parseDeviceRule(text: string): OciDeviceRule {
  const [type = "a", numbers = "*:*", access = "rwm"] = text.split(" ");
  const [major = "*", minor = "*"] = numbers.split(":");
  return {
    allow: true,
    type: type as "a" | "b" | "c",
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) }),
    access,
  };
}

/** Refuse limits that contradict each other. @throws {NetdError} API_REQUEST_INVALID */
export function checkLimits(spec: ContainerSpec): void {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, cpus, cpuPeriodUs, cpuQuotaUs } = spec;
  if (memorySwapBytes !== undefined && memorySwapBytes !== 0) {
    if (memoryBytes === undefined) throw conflict("a limit of swap without one of memory", "both", "--memory");
    if (memorySwapBytes > 0 && memorySwapBytes < memoryBytes) {
      const now = `${memorySwapBytes} bytes of memory and swap together and ${memoryBytes} of memory`;
      throw conflict(now, "the first to be the larger", "--memory-swap together with --memory");
    }
  }
  if (memoryBytes !== undefined && memoryReservationBytes !== undefined && memoryReservationBytes > memoryBytes) {
    const now = `a reservation of ${memoryReservationBytes} bytes and a limit of ${memoryBytes}`;
    throw conflict(now, "the first to be the smaller", "--memory-reservation together with --memory");
  }
  if (cpus !== undefined && (cpuPeriodUs !== undefined || cpuQuotaUs !== undefined)) {
    throw conflict("a number of processors and a period or quota", "one of the two", "either --cpus or --cpu-quota");
  }
  if (cpuQuotaUs !== undefined && cpuQuotaUs > 0 && cpuQuotaUs < 1000) {
    throw conflict(`a quota of ${cpuQuotaUs} microseconds`, "at least 1000", "--cpu-quota 50000");
  }
  if (spec.cgroupParent !== undefined && !/^(\/(?!\.{1,2}(\/|$))[^/\n]{1,255})+$/.test(absolute(spec.cgroupParent))) {
    throw conflict(`cgroup '${spec.cgroupParent}' as the parent`, "a path of plain names", "--cgroup-parent /batch");
  }
}

/** The path of a container's cgroup below the root of each hierarchy. */
export function cgroupOf(spec: ContainerSpec, id: string, parent: string): string {
  return `${spec.cgroupParent === undefined ? parent : absolute(spec.cgroupParent)}/${id}`;
}

function absolute(path: string): string {
  return `/${path.split("/").filter(Boolean).join("/")}`;
}

function planMemory(spec: ContainerSpec, hasSwapAccounting: boolean): NonNullable<OciResources["memory"]> {
  const { memoryBytes, memoryReservationBytes, memorySwapBytes, memorySwappiness, oomKillDisable } = spec;
  return {
    ...(memoryBytes === undefined ? {} : { limit: memoryBytes }),
    ...(memoryReservationBytes === undefined ? {} : { reservation: memoryReservationBytes }),
    ...(memorySwapBytes
      ? { swap: memorySwapBytes }
      : // As in docker: as much swap again, where the host counts it.
        memoryBytes !== undefined && hasSwapAccounting
        ? { swap: memoryBytes * 2 }
        : {}),
    ...(memorySwappiness === undefined ? {} : { swappiness: memorySwappiness }),
    ...(oomKillDisable === true ? { disableOOMKiller: true } : {}),
  };
}

function planCpu(spec: ContainerSpec): NonNullable<OciResources["cpu"]> {
  const { cpus, cpuShares, cpuPeriodUs, cpuQuotaUs, cpusetCpus, cpusetMems } = spec;
  return {
    ...(cpus === undefined ? {} : { quota: Math.round(cpus * CPU_PERIOD_US), period: CPU_PERIOD_US }),
    ...(cpuQuotaUs === undefined ? {} : { quota: cpuQuotaUs }),
    ...(cpuPeriodUs === undefined ? {} : { period: cpuPeriodUs }),
    ...(cpuShares === undefined ? {} : { shares: cpuShares }),
    ...(cpusetCpus === undefined ? {} : { cpus: cpusetCpus }),
    ...(cpusetMems === undefined ? {} : { mems: cpusetMems }),
  };
}

function planBlockIo(spec: ContainerSpec, { deviceNumbers }: ResourceFacts): BlockIo {
  const throttles = (rates: DeviceRate[] | undefined) =>
    rates?.map(({ path, rate }) => ({ ...deviceNumbers(path), rate }));
  const io: BlockIo = {
    weight: spec.blkioWeight,
    weightDevice: spec.blkioWeightDevices?.map(({ path, weight }) => ({ ...deviceNumbers(path), weight })),
    throttleReadBpsDevice: throttles(spec.deviceReadBps),
    throttleWriteBpsDevice: throttles(spec.deviceWriteBps),
    throttleReadIOPSDevice: throttles(spec.deviceReadIops),
    throttleWriteIOPSDevice: throttles(spec.deviceWriteIops),
  };
  return Object.fromEntries(Object.entries(io).filter(([, value]) => value !== undefined));
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function conflict(now: string, wanted: string, example: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot limit a container: ${now} given, ${wanted} wanted`, {
    remedy: `Give ${example}`,
  });
}
