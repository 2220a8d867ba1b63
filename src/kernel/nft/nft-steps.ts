/**
 * Steps of nftables: whole tables, and differences, each in one transaction.
 *
 * @module
 */
import { unlessGone } from "../kernel-absence.ts";
import type { NftApply, NftDeleteTable, NftReplaceTable } from "../step/network-steps.ts";
import { enterNetns, shellCommand, shellHeredoc } from "../step/shell.ts";
import type { StepDefinition } from "../step/step.ts";

/** Remembers the text of the table before, or null when there was none. */
export const nftReplaceTable: StepDefinition<NftReplaceTable, string | null> = {
  apply(step, session) {
    const nftables = session.nftables(step.netns);
    const before = nftables.tableText(step) ?? null;
    nftables.run(replacement(step, tableText(step)));
    return before;
  },
  undo(step, before, session) {
    unlessGone(() => session.nftables(step.netns).run(replacement(step, before ?? "")));
  },
  toShell: (step) => [
    shellHeredoc(shellCommand(...enterNetns(step.netns), "nft", "-f", "-"), replacement(step, tableText(step))),
  ],
};

/** Remembers the text of the table, or null when there was none. */
export const nftDeleteTable: StepDefinition<NftDeleteTable, string | null> = {
  apply(step, session) {
    let before: string | null = null;
    unlessGone(() => {
      const nftables = session.nftables(step.netns);
      before = nftables.tableText(step) ?? null;
      if (before !== null) nftables.run(replacement(step, ""));
    });
    return before;
  },
  undo(step, before, session) {
    if (before !== null) unlessGone(() => session.nftables(step.netns).run(replacement(step, before)));
  },
  toShell: ({ family, name, netns }) => [shellCommand(...enterNetns(netns), "nft", "delete", "table", family, name)],
};

/** Knows what takes it back, and so remembers nothing. */
export const nftApply: StepDefinition<NftApply> = {
  apply({ netns, commands }, session) {
    session.nftables(netns).run(commands.join("\n"));
  },
  undo({ netns, undo }, _memo, session) {
    unlessGone(() => session.nftables(netns).run(undo.join("\n")));
  },
  toShell: ({ netns, commands }) => [
    shellHeredoc(shellCommand(...enterNetns(netns), "nft", "-f", "-"), `${commands.join("\n")}\n`),
  ],
};

/** Delete a table and put `text` in its place. Adding it first makes the deleting succeed where there was none. */
function replacement({ family, name }: NftDeleteTable | NftReplaceTable, text: string): string {
  return `add table ${family} ${name}\ndelete table ${family} ${name}\n${text}`;
}

function tableText({ family, name, body }: NftReplaceTable): string {
  const lines = body.replace(/\n$/, "").split("\n");
  return `table ${family} ${name} {\n${lines.map((line) => (line === "" ? "" : `\t${line}`)).join("\n")}\n}\n`;
}
