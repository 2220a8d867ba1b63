/**
 * Steps of network namespaces.
 *
 * @module
 */

import type { NetnsAdd, NetnsDelete, NetnsRename } from "../step/network-steps.ts";
import { shellCommand } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";
import { createNetns, deleteNetns, netnsPath, renameNetns } from "./netns.ts";

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
