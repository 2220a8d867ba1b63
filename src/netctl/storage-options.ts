/**
 * The options of `run` and `create` that say what a container has of the host's files and devices, with docker's meaning.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { ContainerSpec } from "../api/index.ts";
import { collect } from "./command-options.ts";
import { parseDevice, parseMount, parseTmpfs, parseVolume } from "./parse-mount.ts";
import { parseSize } from "./parse-size.ts";
import { UsageError } from "./usage-error.ts";

/** The options as commander parses them. */
export interface StorageOptions {
  volume?: string[];
  mount?: string[];
  tmpfs?: string[];
  volumesFrom?: string[];
  device?: string[];
  shmSize?: string;
}

/** Add the options. */
export function addStorageOptions(command: Command): Command {
  return command
    .option("-v, --volume <[source:]target[:mode]>", "mount a path of the host, or a volume by its name", collect)
    .option("--mount <fields>", "the same, and tmpfs, with words: type=bind,source=/srv,target=/data", collect)
    .option("--tmpfs <target[:options]>", "mount an empty file system in memory", collect)
    .option("--volumes-from <container[:ro]>", "mount what another container has mounted", collect)
    .option("--device <host[:container][:rwm]>", "give a device of the host, or a directory of them", collect)
    .option("--shm-size <size>", "size of /dev/shm (default: 64m)")
    .addOption(new Option("--ipc <mode>").argParser(refuseIpc).hideHelp());
}

/** The part of a specification that the options make. @throws {UsageError} */
export function toStorageSpec(options: StorageOptions, workdir: string): Partial<ContainerSpec> {
  const { volume = [], mount = [], tmpfs = [], volumesFrom, device, shmSize } = options;
  const mounts = [
    ...volume.map((text) => parseVolume(text, workdir)),
    ...mount.map((text) => parseMount(text, workdir)),
    ...tmpfs.map(parseTmpfs),
  ];
  return {
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(volumesFrom === undefined ? {} : { volumesFrom }),
    ...(device === undefined ? {} : { devices: device.map(parseDevice) }),
    ...(shmSize === undefined ? {} : { shmSizeBytes: parseSize(shmSize, "--shm-size 64m") }),
  };
}

function refuseIpc(mode: string): string {
  if (mode === "private") return mode;
  throw new UsageError(`Cannot take --ipc '${mode}': netd has only 'private'`, "leave --ipc out");
}
