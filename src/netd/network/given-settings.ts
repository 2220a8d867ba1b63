/**
 * What a request sets of a network, as its row has it. Pure.
 *
 * @module
 */
import type { NetworkChange, NetworkSpec } from "../../api/index.ts";
import type { NetworkRow } from "./network-row.ts";

/** Take what is given of the settings that every network has, at its making and at its change alike. */
export function givenSettings(given: NetworkSpec | NetworkChange): Partial<NetworkRow> {
  const { nat, nat6, internal, isolated, ranges, excludes, dns, routes, labels, drift } = given;
  return {
    ...(nat === undefined ? {} : { nat }),
    ...(nat6 === undefined ? {} : { nat6 }),
    ...(internal === undefined ? {} : { isInternal: internal }),
    ...(isolated === undefined ? {} : { isIsolated: isolated }),
    ...(ranges === undefined ? {} : { ranges }),
    ...(excludes === undefined ? {} : { excludes }),
    ...(dns === undefined ? {} : { dns }),
    ...(routes === undefined ? {} : { routes }),
    ...(labels === undefined ? {} : { labels }),
    ...(drift === undefined ? {} : { drift }),
  };
}
