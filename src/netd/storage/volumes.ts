/**
 * What the API can ask of volumes.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync } from "node:fs";
import type { PrunedVolumes, VolumeInfo, VolumeSpec } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import type { VolumeRow } from "./volume-store.ts";

/** Creates, lists and removes volumes; refuses to remove one that a container has. */
export class Volumes {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  list(): VolumeInfo[] {
    return this.#context.volumes.list().map((row) => this.#info(row));
  }

  /** @throws {NetdError} VOLUME_UNKNOWN */
  inspect(name: string): VolumeInfo {
    return this.#info(this.#find(name));
  }

  /** Make a volume; one that is there already is given back as it is. @throws {NetdError} STATE_WRITE_FAILED */
  create({ name, labels = {} }: VolumeSpec): VolumeInfo {
    const { volumes, now, events } = this.#context;
    const known = name === undefined ? undefined : volumes.get(name);
    if (known !== undefined) return this.#info(known);
    const row: VolumeRow = {
      name: name ?? randomBytes(32).toString("hex"),
      createdAt: now().toISOString(),
      labels,
      isAnonymous: name === undefined,
    };
    volumes.create(row);
    events.emit({ type: "volume.created", id: row.name });
    return this.#info(row);
  }

  /** @throws {NetdError} VOLUME_UNKNOWN, VOLUME_IN_USE, STATE_WRITE_FAILED */
  remove(name: string): void {
    this.#find(name);
    const users = volumeUsers(this.#context, name);
    if (users.length > 0) {
      const names = users.map(({ row }) => `'${row.name}'`).join(", ");
      throw new NetdError(
        "VOLUME_IN_USE",
        `Cannot remove volume '${name}': container ${names} has it, no container wanted`,
        {
          remedy: `Remove the container first: netctl rm ${users.map(({ row }) => row.name).join(" ")}`,
        },
      );
    }
    this.#context.volumes.remove(name);
    this.#context.events.emit({ type: "volume.removed", id: name });
  }

  /** Remove the anonymous volumes that no container has, or all such volumes. */
  prune(hasAll: boolean): PrunedVolumes {
    const { volumes } = this.#context;
    const unused = volumes
      .list()
      .filter(({ name, isAnonymous }) => (hasAll || isAnonymous) && volumeUsers(this.#context, name).length === 0);
    let reclaimedBytes = 0;
    for (const { name } of unused) {
      reclaimedBytes += sizeOf(volumes.pathOf(name));
      this.remove(name);
    }
    return { volumes: unused.map(({ name }) => name), reclaimedBytes };
  }

  #find(name: string): VolumeRow {
    const row = this.#context.volumes.get(name);
    if (row !== undefined) return row;
    throw new NetdError("VOLUME_UNKNOWN", `Cannot find volume '${name}': there is none of that name`, {
      remedy: "See the volumes with 'netctl volume ls'",
    });
  }

  #info({ name, createdAt, labels, isAnonymous }: VolumeRow): VolumeInfo {
    return {
      name,
      driver: "local",
      scope: "local",
      mountpoint: this.#context.volumes.pathOf(name),
      createdAt,
      labels,
      anonymous: isAnonymous,
      containers: volumeUsers(this.#context, name).map(({ row }) => row.name),
    };
  }
}

/** The containers that have a volume, running or not. */
export function volumeUsers({ containers }: DaemonContext, name: string): Container[] {
  return [...containers].filter(({ row }) =>
    row.spec.mounts?.some(({ type, source }) => type === "volume" && source === name),
  );
}

/** Remove the anonymous volumes of a container that was removed, unless another has them. */
export function removeAnonymousVolumes(context: DaemonContext, container: Container): void {
  for (const { anonymous, source } of container.row.spec.mounts ?? []) {
    if (anonymous !== true || source === undefined || volumeUsers(context, source).length > 0) continue;
    context.volumes.remove(source);
  }
}

/** Bytes on the disk of a tree; symbolic links are not followed. */
function sizeOf(path: string): number {
  try {
    const status = lstatSync(path);
    if (!status.isDirectory()) return status.blocks * 512;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(`${path}/${name}`), status.blocks * 512);
  } catch {
    return 0;
  }
}
