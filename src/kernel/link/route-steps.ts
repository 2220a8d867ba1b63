/**
 * Steps of routes.
 *
 * @module
 */
import { unlessGone } from "../kernel-absence.ts";
import { addRoute, deleteRoute, findRoute, type RouteInfo, replaceRoute } from "../netlink/index.ts";
import type { KernelSession } from "../step/kernel-session.ts";
import type { RouteAdd, RouteDelete, RouteReplace } from "../step/network-steps.ts";
import { ipIn, shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";

type RouteStep = RouteAdd | RouteReplace | RouteDelete;

export const routeAdd: StepDefinition<RouteAdd> = {
  apply(step, session) {
    addRoute(session.rtnetlink(step.netns), { ...step, index: indexOf(step, session) });
  },
  undo(step, _memo, session) {
    unlessGone(() => deleteRoute(session.rtnetlink(step.netns), step));
  },
  toShell: (step) => [shellCommand(...ipOf(step), "route", "add", ...wordsOf(step))],
};

/** Remembers the route that it took the place of, or null when there was none. */
export const routeReplace: StepDefinition<RouteReplace, RouteInfo | null> = {
  apply(step, session) {
    const socket = session.rtnetlink(step.netns);
    const before = findRoute(socket, step) ?? null;
    replaceRoute(socket, { ...step, index: indexOf(step, session) });
    return before;
  },
  undo(step, before, session) {
    unlessGone(() => {
      const socket = session.rtnetlink(step.netns);
      if (before === null) deleteRoute(socket, step);
      else replaceRoute(socket, before);
    });
  },
  toShell: (step) => [shellCommand(...ipOf(step), "route", "replace", ...wordsOf(step))],
};

/** Remembers whether there was a route to delete. */
export const routeDelete: StepDefinition<RouteDelete, boolean> = {
  apply: (step, session) => unlessGone(() => deleteRoute(session.rtnetlink(step.netns), step)),
  undo(step, wasThere, session) {
    if (wasThere) unlessGone(() => addRoute(session.rtnetlink(step.netns), step));
  },
  toShell: (step) => [shellCommand(...ipOf(step), "route", "delete", ...wordsOf(step))],
};

function indexOf({ dev, netns }: RouteStep, session: KernelSession): number | undefined {
  return dev === undefined ? undefined : session.linkIndex(dev, netns);
}

/** `ip` takes a default route for IPv4 unless told otherwise or the next router is IPv6. */
function ipOf({ netns, to, via }: RouteStep): string[] {
  const isSix = to.includes(":") || via?.includes(":") === true;
  return isSix ? [...ipIn(netns), "-6"] : ipIn(netns);
}

function wordsOf({ to, via, dev, metric }: RouteStep): string[] {
  const words = { via, dev, metric };
  return [to, ...Object.entries(words).flatMap(([word, value]) => (value === undefined ? [] : [word, String(value)]))];
}
