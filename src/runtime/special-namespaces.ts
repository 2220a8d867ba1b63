/**
 * Which of the namespaces that few containers have a process is in; the kernel knows, whoever started it.
 *
 * @module
 */
import { readFileSync, readlinkSync } from "node:fs";
import type { OciIdMapping } from "./oci/config.ts";
import type { SpecialNamespaces } from "./plan/exec-steps.ts";

/** Look for a user or time namespace other than ours. Undefined: there is none. */
export function findSpecialNamespaces(pid: number): SpecialNamespaces | undefined {
  const hasTime = isOther(pid, "time");
  if (!isOther(pid, "user")) return hasTime ? { hasTime } : undefined;
  return { hasTime, user: { uids: readIdMap(`/proc/${pid}/uid_map`), gids: readIdMap(`/proc/${pid}/gid_map`) } };
}

/** Read uid_map or gid_map (user_namespaces(7)). */
export function parseIdMap(text: string): OciIdMapping[] {
  return text.split("\n").flatMap((line) => {
    const [containerID, hostID, size] = line.trim().split(/\s+/).map(Number);
    return containerID === undefined || hostID === undefined || size === undefined
      ? []
      : [{ containerID, hostID, size }];
  });
}

function readIdMap(path: string): OciIdMapping[] {
  return parseIdMap(readFileSync(path, "latin1"));
}

/** False for a kind that this kernel does not have, and for a process that has ended: entering it will say so. */
function isOther(pid: number, kind: "user" | "time"): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return false;
  }
}
