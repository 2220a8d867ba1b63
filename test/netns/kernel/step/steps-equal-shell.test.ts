import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { applySteps, type NetworkStep, stepsToShell, undoSteps } from "../../../../src/kernel/index.ts";
import { runCommand, TestNetns } from "../../../support/netns.ts";
import { networkState } from "../../../support/network-state.ts";
import { GUEST, HOST, NETWORK_CASES } from "../../../support/step-cases.ts";

/** A host and a guest, empty. */
class Pair implements AsyncDisposable {
  readonly host = TestNetns.create();
  readonly guest = TestNetns.create();

  /** Steps with the namespaces of this pair. */
  steps(steps: readonly NetworkStep[]): NetworkStep[] {
    return JSON.parse(this.rename(JSON.stringify(steps)));
  }

  /** Text with the namespaces of this pair. */
  rename(text: string): string {
    return text.replaceAll(HOST, this.host.name).replaceAll(GUEST, this.guest.name);
  }

  state(): unknown {
    return { host: networkState(this.host), guest: networkState(this.guest) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    await this.guest[Symbol.asyncDispose]();
  }
}

let commands: string;

beforeAll(() => {
  commands = mkdtempSync(join(tmpdir(), "netd-commands-"));
  symlinkSync(runCommand(["sh", "-c", "command -v busybox"]).trim(), join(commands, "arping"));
});

afterAll(() => rmSync(commands, { recursive: true }));

/** Links come up some time after they are told to: wait until two states agree. */
async function waitUntilEqual(actual: () => unknown, wanted: () => unknown): Promise<void> {
  await vi.waitFor(() => expect(actual()).toEqual(wanted()), { timeout: 10_000, interval: 50 });
}

describe("applySteps", () => {
  test.each(NETWORK_CASES)("applySteps does with $name what its shell text does", async ({ given = [], steps }) => {
    await using stepped = new Pair();
    await using typed = new Pair();
    applySteps(stepped.steps(given));
    applySteps(typed.steps(given));

    applySteps(stepped.steps(steps));
    const script = typed.rename(stepsToShell(steps).join("\n"));
    runCommand(["sh", "-e"], { input: script, path: commands });

    await waitUntilEqual(
      () => stepped.state(),
      () => typed.state(),
    );
  });

  // Deleting and announcing can't be undone, and lo keeps 127.0.0.1 once it was up.
  const undoable = NETWORK_CASES.filter(
    ({ name }) => !["link.delete", "arp.announce", "na.announce", "ingress.delete", "link.set-lo-up"].includes(name),
  );
  test.each(undoable)("undoSteps leaves nothing of $name", async ({ given = [], steps }) => {
    await using touched = new Pair();
    await using untouched = new Pair();
    applySteps(untouched.steps(given));
    applySteps(touched.steps(given));

    const applied = applySteps(touched.steps(steps));
    await vi.waitFor(() => expect(touched.state()).not.toEqual(untouched.state()));
    expect(undoSteps(applied)).toEqual([]);

    await waitUntilEqual(
      () => touched.state(),
      () => untouched.state(),
    );
  });
});
