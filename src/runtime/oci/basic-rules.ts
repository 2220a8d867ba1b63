/**
 * Rules for the values that many places of a configuration share.
 *
 * @module
 */
import type { OciIdMapping } from "./config.ts";
import { checked, integer, list, object, type Rule, refuse, required, text } from "./rule.ts";

const UINT32_MAX = 0xffffffff;
const UINT16_MAX = 0xffff;
export const INT64_MAX = 0x7fffffffffffffffn;
export const UINT64_MAX = 0xffffffffffffffffn;

export const uint16 = integer(0, UINT16_MAX);
export const uint32 = integer(0, UINT32_MAX);
export const uint64 = integer(0, UINT64_MAX);
export const int64 = integer(-INT64_MAX - 1n, INT64_MAX);
export const strings = list(text());

/** A path from the root. */
export const absolutePath = text("an absolute path is wanted", /^\//);

/** List of cpuset(7), such as `0-3,7`. */
export const numberList = text(
  "a list of numbers and ranges like 0-3,7 is wanted",
  /^\s*\d+(-\d+)?(\s*,\s*\d+(-\d+)?)*,?\s*$/,
);

/** Ranges of ids of a user namespace or of an id-mapped mount. @see user_namespaces(7) */
export const idMappings: Rule<OciIdMapping[]> = list(
  checked(
    object<OciIdMapping>({
      containerID: required(uint32),
      hostID: required(uint32),
      size: required(integer(1, UINT32_MAX)),
    }),
    (mapping, path) => {
      for (const start of [mapping.containerID, mapping.hostID]) {
        if (start + mapping.size - 1 > UINT32_MAX) {
          refuse(path, `it ends at ${start + mapping.size - 1}`, `ids end at ${UINT32_MAX}`);
        }
      }
      return mapping;
    },
  ),
);
