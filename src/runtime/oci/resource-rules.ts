/**
 * Rules for `linux.resources` of a configuration, which is also the document that `update` takes.
 *
 * Source: runtime-spec config-linux.md, "Control groups".
 *
 * @module
 */

import type { CgroupBlockIo, CgroupCpu, CgroupMemory, CgroupThrottle } from "../../kernel/index.ts";
import { int64, numberList, uint16, uint32, uint64 } from "./basic-rules.ts";
import type { OciDeviceRule, OciResources } from "./config.ts";
import {
  checked,
  flag,
  integer,
  list,
  map,
  object,
  oneOf,
  orElse,
  type Rule,
  refuse,
  required,
  text,
  unlessEmpty,
} from "./rule.ts";

const SWAPPINESS_MAX = 100;
const DEVICE_NUMBER_MAX = 0xffffffff;
/** How programs in Go write "all". */
const ANY_NUMBER = -1;

const deviceNumber = checked(integer(ANY_NUMBER, DEVICE_NUMBER_MAX), (number) =>
  number < 0 ? undefined : number,
) as Rule<number>;
const ALL_ACCESS = "rwm";

const deviceRule = object<OciDeviceRule>({
  allow: required(flag),
  type: unlessEmpty(oneOf(["a", "c", "b"])),
  major: deviceNumber,
  minor: deviceNumber,
  access: orElse(
    checked(text("letters of r, w and m are wanted", /^[rwm]*$/), (access) => (access === "" ? ALL_ACCESS : access)),
    () => ALL_ACCESS,
  ),
});

const memory = object<CgroupMemory>({
  limit: int64,
  reservation: int64,
  swap: int64,
  kernel: int64,
  kernelTCP: int64,
  swappiness: integer(0, SWAPPINESS_MAX),
  disableOOMKiller: flag,
  useHierarchy: flag,
  checkBeforeUpdate: flag,
});

const cpu = object<CgroupCpu>({
  shares: uint64,
  quota: int64,
  burst: uint64,
  period: uint64,
  realtimeRuntime: int64,
  realtimePeriod: uint64,
  cpus: unlessEmpty(numberList),
  mems: unlessEmpty(numberList),
  idle: integer(0, 1),
});

const blockDevice = { major: required(int64), minor: required(int64) };
const throttles = list(object<CgroupThrottle>({ ...blockDevice, rate: required(uint64) }));

const blockIO = object<CgroupBlockIo>({
  weight: uint16,
  leafWeight: uint16,
  weightDevice: list(
    checked(
      object<NonNullable<CgroupBlockIo["weightDevice"]>[number]>({
        ...blockDevice,
        weight: uint16,
        leafWeight: uint16,
      }),
      (device, path) =>
        device.weight === undefined && device.leafWeight === undefined
          ? refuse(path, "it has neither weight nor leafWeight", "at least one is wanted")
          : device,
    ),
  ),
  throttleReadBpsDevice: throttles,
  throttleWriteBpsDevice: throttles,
  throttleReadIOPSDevice: throttles,
  throttleWriteIOPSDevice: throttles,
});

/** Take `linux.resources`. */
export const resourcesRule: Rule<OciResources> = object<OciResources>({
  devices: list(deviceRule),
  memory,
  cpu,
  pids: checked(object<{ limit?: number }>({ limit: int64 }), ({ limit }) =>
    limit === undefined ? undefined : { limit },
  ) as Rule<{ limit: number }>,
  blockIO,
  hugepageLimits: list(
    object({
      pageSize: required(text("a size like 2MB is wanted", /^[1-9]\d*[KMG]B$/)),
      limit: required(uint64),
    }),
  ),
  network: object<NonNullable<OciResources["network"]>>({
    classID: uint32,
    priorities: list(object({ name: required(text()), priority: required(uint32) })),
  }),
  rdma: map(object<{ hcaHandles?: number; hcaObjects?: number }>({ hcaHandles: uint32, hcaObjects: uint32 })),
  unified: map(text(), checkUnifiedKey),
});

/** A key is the name of a file and becomes part of a path. */
function checkUnifiedKey(key: string, path: string): void {
  if (/^[^/\0]+$/.test(key) && key !== "." && key !== "..") return;
  refuse(path, "its key is no name of a file", "a file of a cgroup directory such as memory.high is wanted");
}
