/**
 * The step that prepares a bind mount which shows other owners than its files have: mount_setattr(2), "ID-mapped mounts".
 *
 * @module
 */
import { close } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { mapMountIds } from "./mount-attributes.ts";
import { cloneSource } from "./mount-steps.ts";
import { type IdRange, makeUserNamespace } from "./user-namespace.ts";

/** Copy a mount and map its ids, while we still may: a process in a user namespace of its own can't. `mount.bind` puts it in place. */
export interface MountCloneMappedStep {
  op: "mount.clone-mapped";
  source: string;
  /** Absolute path in the container, which tells mounts apart. */
  target: string;
  /** Copy the mounts below it too. */
  isRecursive: boolean;
  /** Map the ids of those too. */
  mapsRecursively: boolean;
  uids: IdRange[];
  gids: IdRange[];
}

/** Carries out {@link MountCloneMappedStep}. */
export const mountCloneMapped: ProcessStepDefinition<MountCloneMappedStep> = {
  walk({ source, target, isRecursive, mapsRecursively, uids, gids }, state) {
    const mountFd = cloneSource(source, isRecursive);
    const usernsFd = makeUserNamespace({ uids, gids });
    mapMountIds(mountFd, usernsFd, mapsRecursively);
    close(usernsFd);
    state.mappedMounts ??= new Map();
    state.mappedMounts.set(target, mountFd);
  },
  toShell({ source, isRecursive, uids, gids }) {
    const words = [...uids.map((range) => formatRange("u", range)), ...gids.map((range) => formatRange("g", range))];
    return [
      "mapped=$(mktemp -d)",
      `mount ${isRecursive ? "--rbind" : "--bind"} -o X-mount.idmap=${shellQuote(words.join(" "))} ${shellQuote(source)} "$mapped"`,
    ];
  },
};

/** As mount(8) takes it: ids of the file, ids that are shown, how many. */
function formatRange(kind: "u" | "g", { containerID, hostID, size }: IdRange): string {
  return `${kind}:${containerID}:${hostID}:${size}`;
}
