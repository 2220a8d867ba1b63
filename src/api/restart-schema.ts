/**
 * When netd starts a container again by itself.
 *
 * @module
 */
import { type Static, Type } from "typebox";

/** docker's four policies. `maxRetries` belongs to `on-failure`; absent or 0: as often as it takes. */
export const RestartPolicy = Type.Object(
  {
    policy: Type.Union([
      Type.Literal("no"),
      Type.Literal("on-failure"),
      Type.Literal("always"),
      Type.Literal("unless-stopped"),
    ]),
    maxRetries: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })),
  },
  { additionalProperties: false },
);
export type RestartPolicy = Static<typeof RestartPolicy>;
