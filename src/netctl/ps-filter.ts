/**
 * Which containers `ps` shows, with docker's filters.
 *
 * @module
 */
import type { ContainerInfo } from "../api/index.ts";
import { type FilterTest, hasLabel } from "./filters.ts";

/** The filters of `ps`. */
export const PS_FILTERS: Record<string, FilterTest<ContainerInfo>> = {
  status: ({ state }, value) => state === value,
  name: ({ name }, value) => matchesPattern(name, value),
  id: ({ id }, value) => id.startsWith(value),
  label: ({ labels }, value) => hasLabel(labels, value),
  ancestor: ({ image }, value) => image === value || image === value.replace(/:latest$/, ""),
  health: ({ health }, value) => (health?.status ?? "none") === value,
  exited: ({ state, exitCode }, value) => state === "exited" && exitCode === Number(value),
  network: ({ networkMode, endpoint }, value) => (endpoint?.network ?? networkMode) === value,
};

/** A name is a regular expression, as in docker; one that is none is a part of the name. */
function matchesPattern(name: string, pattern: string): boolean {
  try {
    return new RegExp(pattern.replace(/^\^?\//, "^")).test(name);
  } catch {
    return name.includes(pattern);
  }
}
