/**
 * Steps of routes.
 *
 * @module
 */
import { unlessGone } from "../kernel-absence.ts";
import { addRoute, deleteRoute } from "../netlink/index.ts";
import type { RouteAdd, RouteDelete } from "../step/network-steps.ts";
import { ipIn, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";

export const routeAdd: StepDefinition<RouteAdd> = {
  apply({ to, via, dev, netns }, session) {
    const index = dev === undefined ? undefined : session.linkIndex(dev, netns);
    addRoute(session.rtnetlink(netns), { to, via, dev, index });
  },
  undo(step, _memo, session) {
    unlessGone(() => deleteRoute(session.rtnetlink(step.netns), step));
  },
  toShell: (step) => [shellCommand(...ipOf(step), "route", "add", ...wordsOf(step))],
};

/** Remembers whether there was a route to delete. */
export const routeDelete: StepDefinition<RouteDelete, boolean> = {
  apply: (step, session) => unlessGone(() => deleteRoute(session.rtnetlink(step.netns), step)),
  undo(step, wasThere, session) {
    if (wasThere) unlessGone(() => addRoute(session.rtnetlink(step.netns), step));
  },
  toShell: (step) => [shellCommand(...ipOf(step), "route", "delete", ...wordsOf(step))],
};

/** `ip` takes a default route for IPv4 unless told otherwise or the next router is IPv6. */
function ipOf({ netns, to, via }: RouteAdd | RouteDelete): string[] {
  const isSix = to.includes(":") || via?.includes(":") === true;
  return isSix ? [...ipIn(netns), "-6"] : ipIn(netns);
}

function wordsOf({ to, via, dev }: RouteAdd | RouteDelete): string[] {
  return [to, ...(via === undefined ? [] : ["via", via]), ...(dev === undefined ? [] : ["dev", dev])];
}
