/**
 * The mounts of a container at its creation: names for anonymous volumes, those of other containers, and all that can be checked.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import type { ContainerSpec, MountSpec } from "../../api/index.ts";
import { VOLUME_NAME_PATTERN } from "../../api/index.ts";
import { NetdError } from "../../errors.ts";

/** What {@link resolveMounts} needs. */
export interface ResolveMountsOptions {
  /** Paths that the image wants volumes on. */
  imageVolumes: readonly string[];
  /** Find another container's mounts. @throws {NetdError} CONTAINER_UNKNOWN */
  mountsOf: (container: string) => readonly MountSpec[];
}

const VOLUME_NAME = new RegExp(VOLUME_NAME_PATTERN);

/**
 * Resolve the mounts of a specification: its own win over those of other containers, and these over the image's.
 *
 * @throws {NetdError} API_REQUEST_INVALID, MOUNT_SOURCE_MISSING, CONTAINER_UNKNOWN
 */
export function resolveMounts(spec: ContainerSpec, options: ResolveMountsOptions): MountSpec[] {
  const own = (spec.mounts ?? []).map((mount) => ({ ...mount, target: cleanPath(mount.target) }));
  for (const mount of own) checkMount(mount);
  const twice = own.find((mount, index) => own.some(({ target }, other) => other < index && target === mount.target));
  if (twice !== undefined) throw invalid(`two mounts on '${twice.target}'`, "one");
  const mounts = new Map<string, MountSpec>();
  for (const target of options.imageVolumes)
    mounts.set(cleanPath(target), { type: "volume", target: cleanPath(target), readOnly: false });
  for (const reference of spec.volumesFrom ?? []) {
    for (const mount of inheritMounts(reference, options)) mounts.set(mount.target, mount);
  }
  for (const mount of own) mounts.set(mount.target, mount);
  return [...mounts.values()].map(nameVolume);
}

/** The mounts of another container, `NAME[:ro|rw]`; they keep their own modes unless told otherwise. */
function inheritMounts(reference: string, { mountsOf }: ResolveMountsOptions): MountSpec[] {
  const [, name = "", mode] = /^(.*?)(?::(ro|rw))?$/.exec(reference) ?? [];
  return mountsOf(name)
    .filter(({ type }) => type !== "tmpfs")
    .map(({ anonymous: _anonymous, ...mount }) => (mode === "ro" ? { ...mount, readOnly: true } : mount));
}

function nameVolume(mount: MountSpec): MountSpec {
  if (mount.type !== "volume" || mount.source !== undefined) return mount;
  return { ...mount, source: randomBytes(32).toString("hex"), anonymous: true };
}

function checkMount(mount: MountSpec): void {
  const { type = "bind", source, target } = mount;
  if (target === "/" || target.split("/").includes("..")) {
    throw invalid(`mount target '${mount.target}'`, "a path below /, without '..'");
  }
  if (type === "volume") {
    if (source !== undefined && !VOLUME_NAME.test(source)) {
      throw invalid(
        `volume name '${source}'`,
        "at least two letters, digits, '_', '.' or '-', the first a letter or digit,",
      );
    }
    if (mount.propagation !== undefined) throw invalid("a volume with a propagation", "a bind with one");
  } else if (type === "tmpfs") {
    if (source !== undefined) throw invalid("a tmpfs with a source", "one without");
    if (mount.propagation !== undefined) throw invalid("a tmpfs with a propagation", "a bind with one");
  } else {
    if (source === undefined || !source.startsWith("/")) {
      throw invalid(`mount source '${source ?? ""}'`, "an absolute path");
    }
    if (mount.createSource !== true && !existsSync(source)) {
      throw new NetdError(
        "MOUNT_SOURCE_MISSING",
        `Cannot mount '${source}': there is no such file or directory, one wanted`,
        {
          remedy: `Make it with 'mkdir -p ${source}', or give it as '-v ${source}:${target}'`,
        },
      );
    }
  }
  if (type !== "volume" && mount.noCopy === true) throw invalid(`nocopy for a ${type}`, "a volume with it");
  if (type !== "tmpfs" && mount.options !== undefined) throw invalid(`options for a ${type}`, "a tmpfs with them");
}

/** Without a slash at its end, doubled slashes and dots. */
function cleanPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return `/${parts.join("/")}`;
}

function invalid(now: string, wanted: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot create a container: ${now}, ${wanted} wanted`, {
    remedy: "Correct the request; 'netctl run -h' lists the forms",
  });
}
