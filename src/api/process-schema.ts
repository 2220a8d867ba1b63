/**
 * Schemas of what a container's process and namespaces are like, beyond what every container has.
 *
 * @module
 */
import { type Static, Type } from "typebox";

const options = { additionalProperties: false };
const ID_MAX = 2 ** 32 - 2;

/** One limit of setrlimit(2). */
export const Ulimit = Type.Object(
  {
    name: Type.String({ maxLength: 16, description: "as ulimit names it: nofile, nproc, core" }),
    soft: Type.Integer({ minimum: -1, maximum: Number.MAX_SAFE_INTEGER, description: "-1: none" }),
    hard: Type.Integer({ minimum: -1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  options,
);
export type Ulimit = Static<typeof Ulimit>;

/** One range of a user namespace. */
export const IdMap = Type.Object(
  {
    containerId: Type.Integer({ minimum: 0, maximum: ID_MAX }),
    hostId: Type.Integer({ minimum: 0, maximum: ID_MAX }),
    size: Type.Integer({ minimum: 1, maximum: ID_MAX }),
  },
  options,
);
export type IdMap = Static<typeof IdMap>;

/** Fields of a container's definition. */
export const processFields = {
  sysctls: Type.Optional(Type.Record(Type.String({ maxLength: 255 }), Type.String({ maxLength: 4096 }))),
  ulimits: Type.Optional(Type.Array(Ulimit, { maxItems: 16 })),
  groupAdd: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 64 })),
  oomScoreAdj: Type.Optional(Type.Integer({ minimum: -1000, maximum: 1000 })),
  pid: Type.Optional(Type.String({ maxLength: 255, description: "host, or container:NAME" })),
  init: Type.Optional(
    Type.Boolean({ description: "a first process reaps orphans and passes signals on to the command" }),
  ),
  uts: Type.Optional(Type.Literal("host")),
  userns: Type.Optional(
    Type.Object(
      {
        mode: Type.Union([Type.Literal("host"), Type.Literal("auto"), Type.Literal("map")]),
        uids: Type.Optional(Type.Array(IdMap, { minItems: 1, maxItems: 340 })),
        gids: Type.Optional(Type.Array(IdMap, { minItems: 1, maxItems: 340 })),
      },
      { ...options, description: "auto: ids of the host that are kept for it; map: the ranges given" },
    ),
  ),
};
