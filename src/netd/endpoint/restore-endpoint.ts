/**
 * Puts a running container's host side back when netd finds it damaged at start.
 *
 * @module
 */
import { applySteps, type NetworkStep } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import { endpointInput } from "../container-launch.ts";
import type { DaemonContext } from "../context.ts";
import { findLink } from "../kernel-facts.ts";
import { planAttach } from "./endpoint-plan.ts";

/** Join a running container's veth to the bridge again where that was lost; nothing is done to one that is in order. */
export function restoreEndpoint(context: DaemonContext, container: Container): void {
  const { network, journal, logger } = context;
  const { lease } = container;
  if (lease === undefined) return;
  const bridge = findLink(network.bridge);
  const port = findLink(container.hostInterface);
  const steps: NetworkStep[] =
    port === undefined
      ? planAttach(endpointInput(context, container, lease)).filter(({ op }) => op !== "netns.add")
      : port.master === bridge?.index
        ? []
        : [{ op: "link.set", name: container.hostInterface, master: network.bridge, up: true }];
  if (steps.length === 0) return;
  try {
    applySteps(steps, { journal: journal.note });
    logger.warn(
      { container: container.row.name, steps: steps.length },
      "a container's host side was damaged, it is mended",
    );
  } catch (error) {
    logger.error({ err: error, container: container.row.name }, "cannot mend a container's host side");
  }
}
