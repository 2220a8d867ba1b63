/**
 * Health checks: a command that is run in a container now and then.
 *
 * @module
 */
import { type Static, Type } from "typebox";

const options = { additionalProperties: false };
const Milliseconds = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

/** How a container is checked; what is absent is the image's, or docker's default. */
export const HealthCheck = Type.Object(
  {
    test: Type.Optional(
      Type.Array(Type.String({ maxLength: 131072 }), {
        minItems: 1,
        maxItems: 4096,
        description: '["CMD", ...], ["CMD-SHELL", line] or ["NONE"]',
      }),
    ),
    intervalMs: Type.Optional(Milliseconds),
    timeoutMs: Type.Optional(Milliseconds),
    retries: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })),
    startPeriodMs: Type.Optional(Milliseconds),
    startIntervalMs: Type.Optional(Milliseconds),
  },
  options,
);
export type HealthCheck = Static<typeof HealthCheck>;

export const HealthStatus = Type.Union([Type.Literal("starting"), Type.Literal("healthy"), Type.Literal("unhealthy")]);
export type HealthStatus = Static<typeof HealthStatus>;

/** One check that was made. */
export const HealthResult = Type.Object({
  start: Type.String({ description: "ISO 8601" }),
  end: Type.String(),
  exitCode: Type.Integer({ description: "-1: it took too long, or could not be run" }),
  output: Type.String({ description: "4096 bytes at most" }),
});
export type HealthResult = Static<typeof HealthResult>;

/** What the checks have found. */
export const HealthInfo = Type.Object({
  status: HealthStatus,
  failingStreak: Type.Integer({ description: "failures since the last success, those of the start period left out" }),
  log: Type.Array(HealthResult, { description: "the last five, the oldest first" }),
});
export type HealthInfo = Static<typeof HealthInfo>;
