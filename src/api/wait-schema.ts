/**
 * What a client can wait for.
 *
 * @module
 */
import { type Static, Type } from "typebox";

/** docker's three conditions of `wait`. */
export const WaitCondition = Type.Union([
  Type.Literal("not-running"),
  Type.Literal("next-exit"),
  Type.Literal("removed"),
]);
export type WaitCondition = Static<typeof WaitCondition>;
