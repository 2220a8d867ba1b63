/**
 * Limits of a container, in the body of a creation and of an update.
 *
 * @module
 */
import { type Static, Type } from "typebox";
import { EgressPolicy, Rate } from "./port-schema.ts";
import { RestartPolicy } from "./restart-schema.ts";

const options = { additionalProperties: false };
const MEMORY_MIN = 6 * 2 ** 20;
const count = (minimum: number, maximum = Number.MAX_SAFE_INTEGER) => Type.Optional(Type.Integer({ minimum, maximum }));
const list = Type.Optional(Type.String({ pattern: "^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$", maxLength: 4096 }));
const path = Type.String({ minLength: 1, maxLength: 4096, pattern: "^/" });

/** Bytes, or operations, a second of one block device of the host. */
export const DeviceRate = Type.Object(
  { path, rate: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) },
  options,
);
export type DeviceRate = Static<typeof DeviceRate>;

const rates = Type.Optional(Type.Array(DeviceRate, { maxItems: 64 }));

/** Limits that may change while a container lives. */
const changeable = {
  memoryBytes: count(MEMORY_MIN),
  memoryReservationBytes: count(MEMORY_MIN),
  memorySwapBytes: Type.Optional(
    Type.Integer({
      minimum: -1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "memory and swap together; -1: no limit of swap",
    }),
  ),
  cpus: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1024 })),
  cpuShares: count(2, 262_144),
  cpuPeriodUs: count(1000, 1_000_000),
  cpuQuotaUs: Type.Optional(
    Type.Integer({ minimum: -1, maximum: Number.MAX_SAFE_INTEGER, description: "-1: no limit" }),
  ),
  cpusetCpus: list,
  cpusetMems: list,
  blkioWeight: count(10, 1000),
};

/** Properties of a container's specification. */
export const limitProperties = {
  ...changeable,
  pidsLimit: count(1),
  memorySwappiness: count(0, 100),
  oomKillDisable: Type.Optional(Type.Boolean()),
  blkioWeightDevices: Type.Optional(
    Type.Array(Type.Object({ path, weight: Type.Integer({ minimum: 10, maximum: 1000 }) }, options), { maxItems: 64 }),
  ),
  deviceReadBps: rates,
  deviceWriteBps: rates,
  deviceReadIops: rates,
  deviceWriteIops: rates,
  deviceCgroupRules: Type.Optional(
    Type.Array(Type.String({ pattern: "^([acb]) ([0-9]+|\\*):([0-9]+|\\*) [rwm]{1,3}$" }), { maxItems: 256 }),
  ),
  cgroupParent: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
  cgroupns: Type.Optional(Type.Union([Type.Literal("private"), Type.Literal("host")])),
};

const ChangedRate = Type.Union([Type.Literal(0), Rate], { description: "bits a second; 0: no limit" });

/** Body of `POST /v1/containers/:id/update`: what is absent stays. */
export const UpdateSpec = Type.Object(
  {
    ...changeable,
    pidsLimit: Type.Optional(
      Type.Integer({ minimum: -1, maximum: Number.MAX_SAFE_INTEGER, description: "-1 or 0: no limit" }),
    ),
    restart: Type.Optional(RestartPolicy),
    egress: Type.Optional(EgressPolicy),
    rateInBps: Type.Optional(ChangedRate),
    rateOutBps: Type.Optional(ChangedRate),
  },
  options,
);
export type UpdateSpec = Static<typeof UpdateSpec>;
