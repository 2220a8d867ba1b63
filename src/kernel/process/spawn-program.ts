/**
 * Starts a further program from a process that is itself between fork and exec: posix_spawn(3), whose child needs no heap of its own.
 *
 * @module
 */
import { posixSpawn, posixSpawnActionsDestroy, posixSpawnActionsDup2, posixSpawnActionsInit } from "../libc.ts";
import {
  posixSpawnAttributesDestroy,
  posixSpawnAttributesInit,
  posixSpawnAttributesSetFlags,
  posixSpawnAttributesSetSigDefault,
  posixSpawnAttributesSetSigMask,
} from "../libc-command.ts";

/** What {@link spawnProgram} starts. */
export interface SpawnProgramOptions {
  path: string;
  args: readonly string[];
  env: readonly string[];
  /** Its descriptors 0, 1 and 2. All of ours that are close-on-exec stay behind. */
  streams: readonly [stdin: number, stdout: number, stderr: number];
}

/** Bytes of glibc's opaque structures on 64-bit machines, with room to spare. */
const ACTIONS_BYTES = 128;
const ATTRIBUTES_BYTES = 512;
/** spawn.h. */
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const NO_SIGNALS = Buffer.alloc(128);
const ALL_SIGNALS = Buffer.alloc(128, 0xff);

/** Start a program with no signal blocked or ignored. Returns its pid, or a negative errno. */
export function spawnProgram({ path, args, env, streams }: SpawnProgramOptions): number {
  const actions = Buffer.alloc(ACTIONS_BYTES);
  const attributes = Buffer.alloc(ATTRIBUTES_BYTES);
  const pid = Buffer.alloc(4);
  posixSpawnActionsInit(actions);
  for (const [target, fd] of streams.entries()) posixSpawnActionsDup2(actions, fd, target);
  posixSpawnAttributesInit(attributes);
  posixSpawnAttributesSetSigMask(attributes, NO_SIGNALS);
  posixSpawnAttributesSetSigDefault(attributes, ALL_SIGNALS);
  posixSpawnAttributesSetFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const result = posixSpawn(pid, path, actions, attributes, [...args, null], [...env, null]);
  posixSpawnAttributesDestroy(attributes);
  posixSpawnActionsDestroy(actions);
  return result === 0 ? pid.readInt32LE(0) : -result;
}
