/**
 * Schemas of published ports, and of what a container may send.
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

/** A port, or ports in a row, that a program in a container listens on: `80/tcp`, `8000-8009/udp`. */
export const ExposedPort = Type.String({ pattern: "^\\d{1,5}(-\\d{1,5})?/(tcp|udp|sctp)$" });
export type ExposedPort = Static<typeof ExposedPort>;

/** Where a container may open connections to: anywhere, its own networks, or nowhere. */
export const EgressPolicy = Type.Union([Type.Literal("all"), Type.Literal("internal"), Type.Literal("none")]);
export type EgressPolicy = Static<typeof EgressPolicy>;

/** How fast a container may send or receive. */
export const Rate = Type.Integer({ minimum: 8_000, maximum: 100_000_000_000, description: "bits a second" });
