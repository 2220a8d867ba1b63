/**
 * Puts a running container's host side back when netd finds it damaged at start.
 *
 * @module
 */
import { applySteps, type NetworkStep } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { findLink } from "../kernel-facts.ts";
import { endpointInputs } from "./endpoint-input.ts";
import { type EndpointPlanInput, planJoin } from "./endpoint-plan.ts";

/** Join a running container's veths to their bridges again where that was lost; nothing is done to one that is in order. */
export function restoreEndpoints(context: DaemonContext, container: Container): void {
  for (const input of endpointInputs(context, container, container.endpoints)) {
    restoreEndpoint(context, container, input);
  }
}

function restoreEndpoint({ journal, logger }: DaemonContext, container: Container, input: EndpointPlanInput): void {
  const { bridge, hostInterface: name } = input;
  const port = findLink(name);
  const steps: NetworkStep[] =
    port === undefined
      ? planJoin(input)
      : port.master === findLink(bridge)?.index
        ? []
        : [{ op: "link.set", name, master: bridge, up: true }];
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
