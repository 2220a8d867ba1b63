/**
 * Steps of network namespaces.
 *
 * @module
 */

import { createNetns, deleteNetns } from "./netns.ts";
import type { NetnsAdd, NetnsDelete } from "./network-steps.ts";
import { shellCommand } from "./shell.ts";
import type { StepDefinition } from "./step.ts";

export const netnsAdd: StepDefinition<NetnsAdd> = {
  apply: ({ name }) => createNetns(name),
  undo({ name }, _memo, session) {
    session.leave(name);
    deleteNetns(name);
  },
  toShell: ({ name }) => [shellCommand("ip", "netns", "add", name)],
};

export const netnsDelete: StepDefinition<NetnsDelete> = {
  apply({ name }, session) {
    session.leave(name);
    deleteNetns(name);
  },
  undo() {},
  toShell: ({ name }) => [shellCommand("ip", "netns", "delete", name)],
};
