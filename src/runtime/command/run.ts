/**
 * `run`: make a container and start it, and unless told otherwise stay until it ends and take it away.
 *
 * @module
 */
import type { CommandCall } from "./command.ts";
import { createContainer } from "./create-container.ts";
import { destroyContainer } from "./destroy-container.ts";
import { followProcess } from "./follow-process.ts";
import { tryHooks } from "./run-hooks.ts";

/** Run. */
export async function run(call: CommandCall): Promise<number> {
  const { flags, report } = call;
  const isDetached = flags.bool("detach");
  const made = await createContainer(call, { waits: false, isDetached });
  const { pid, terminalFd } = made.process;
  const { id, ociVersion, bundle, annotations } = made.state;
  const document = { ociVersion, id, status: "running", pid, bundle, annotations } as const;
  const hooked = tryHooks("poststart", made.config.hooks?.poststart, { state: document, warn: report.warn });
  const followed = isDetached
    ? undefined
    : followProcess({ pid, terminalFd, ...(flags.bool("no-subreaper") ? {} : { reapsAfter: hooked }) });
  await hooked;
  const exitCode = (await followed) ?? 0;
  if (!isDetached && !flags.bool("keep")) await destroyContainer({ ...made, warn: report.warn });
  return exitCode;
}
