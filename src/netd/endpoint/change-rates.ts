/**
 * Changing the rates to which a container is held.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import type { NetworkStep } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import type { ContainerRow } from "../state-store.ts";
import { endpointInputs } from "./endpoint-input.ts";
import { parseNetworkMode } from "./network-mode.ts";
import { planRates, type Rates } from "./rate-plan.ts";

/** Plan a change of a running container's limits, in all its networks. */
export function planRateChange(
  context: Pick<DaemonContext, "networks" | "uplink" | "instance">,
  container: Pick<Container, "row" | "endpoints">,
  { before, after }: { before: Rates; after: Rates },
): NetworkStep[] {
  if (before.rateInBps === after.rateInBps && before.rateOutBps === after.rateOutBps) return [];
  return endpointInputs(context, container, container.endpoints).flatMap((place) => planRates(place, before, after));
}

/** Refuse limits of a container that has no network of its own. @throws {NetdError} API_REQUEST_INVALID */
export function checkRates(
  { name, network }: Pick<ContainerRow, "name" | "network">,
  { rateInBps, rateOutBps }: Rates,
): void {
  if ((rateInBps === undefined && rateOutBps === undefined) || parseNetworkMode(network).kind === "bridge") return;
  throw new NetdError(
    "API_REQUEST_INVALID",
    `Cannot limit the rate of container '${name}': its network is '${network}', one of its own wanted`,
    { remedy: "Leave out --rate-in and --rate-out, or create it anew with --network" },
  );
}
