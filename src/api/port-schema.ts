/**
 * Schema of published ports.
 *
 * @module
 */
import { type Static, Type } from "typebox";

/** Ports of the host that lead to ports of a container. */
export const PortMapping = Type.Object(
  {
    hostAddress: Type.String({
      maxLength: 64,
      description: "127.0.0.1 unless told otherwise; 0.0.0.0 or :: for all addresses of a family",
    }),
    /** Only what enters by this link of the host; absent: by any. */
    hostInterface: Type.Optional(Type.String({ maxLength: 15 })),
    hostPort: Type.Integer({ minimum: 0, maximum: 65535, description: "the first; 0: a free one is picked" }),
    containerPort: Type.Integer({ minimum: 1, maximum: 65535, description: "the first" }),
    count: Type.Integer({ minimum: 1, maximum: 65535, description: "ports in a row" }),
    protocol: Type.Union([Type.Literal("tcp"), Type.Literal("udp"), Type.Literal("sctp")]),
  },
  { additionalProperties: false },
);
export type PortMapping = Static<typeof PortMapping>;
