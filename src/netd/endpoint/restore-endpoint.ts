/**
 * Makes a running container's places in networks anew that netd finds missing or half-made at start: it died while it made them or took them
 * down. What else a stranger did to them is for `reconcile`.
 *
 * @module
 */
import { applySteps, findLink, type LinkInfo, type NetworkStep } from "../../kernel/index.ts";
import type { Container } from "../container.ts";
import type { DaemonContext } from "../context.ts";
import { endpointInputs } from "./endpoint-input.ts";
import { type EndpointPlanInput, planJoin, planUnlink } from "./endpoint-plan.ts";

/** The links of the host, by name. */
export type HostLinks = ReadonlyMap<string, LinkInfo>;

/** Make a running container's endpoints whole that are not; nothing is done to one that is complete. */
export function restoreEndpoints(context: DaemonContext, container: Container, links: HostLinks): void {
  const { journal, logger, session } = context;
  const { name } = container.row;
  for (const input of endpointInputs(context, container, container.endpoints)) {
    try {
      const steps = planRestore(input, links, () => findLink(session.rtnetlink(name), input.interface));
      if (steps.length === 0) continue;
      applySteps(steps, { journal: journal.note, session });
      logger.warn(
        { container: name, network: input.bridge, steps: steps.length },
        "a container's place in a network was missing or half-made, it is made anew",
      );
    } catch (error) {
      logger.error({ err: error, container: name }, "cannot mend a container's place in a network");
    }
  }
  session.leave(name);
}

/**
 * Plan what makes an endpoint whole: none when it is. Its link is up when it was completed, and only then: one that is down is made anew.
 *
 * @param findInside asks for the link inside the container, where there is no host end
 */
export function planRestore(
  input: EndpointPlanInput,
  links: HostLinks,
  findInside: () => LinkInfo | undefined,
): NetworkStep[] {
  const link = input.macvlanMode === undefined ? links.get(input.hostInterface) : findInside();
  return link?.isUp === true ? [] : [planUnlink(input), ...planJoin(input, { isRunning: true })];
}
