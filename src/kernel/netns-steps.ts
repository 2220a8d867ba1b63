/**
 * Steps of network namespaces.
 *
 * @module
 */

import { createNetns, deleteNetns, netnsPath, renameNetns } from "./netns.ts";
import type { NetnsAdd, NetnsDelete, NetnsRename } from "./network-steps.ts";
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

export const netnsRename: StepDefinition<NetnsRename> = {
  apply({ name, to }, session) {
    session.leave(name);
    renameNetns(name, to);
  },
  undo({ name, to }, _memo, session) {
    session.leave(to);
    renameNetns(to, name);
  },
  toShell: ({ name, to }) => [
    shellCommand("touch", netnsPath(to)),
    shellCommand("mount", "--bind", netnsPath(name), netnsPath(to)),
    shellCommand("ip", "netns", "delete", name),
  ],
};
