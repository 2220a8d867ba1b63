/**
 * The step that puts a filter before all later system calls of the process.
 *
 * Source: seccomp(2), linux/seccomp.h, linux/filter.h.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check } from "../errno.ts";
import { addressOf, read, seccomp } from "../libc.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { sendReport } from "./report.ts";

/** Load a compiled filter. Steps after this one make only calls that it allows. */
export interface SeccompLoadStep {
  op: "seccomp.load";
  /** Array of struct sock_filter, base64. */
  program: string;
  /** Flags of seccomp(2). With NEW_LISTENER the parent gets the listener, and the process waits until it has. */
  flags: number;
}

const SECCOMP_SET_MODE_FILTER = 1;
const NEW_LISTENER = 8;
/** Bytes of struct sock_filter. */
const INSTRUCTION_BYTES = 8;

/** Carries out {@link SeccompLoadStep}. */
export const seccompLoad: ProcessStepDefinition<SeccompLoadStep> = {
  walk({ program, flags }, state) {
    const filter = Buffer.from(program, "base64");
    // struct sock_fprog: u16 length, then a pointer at its own alignment.
    const fprog = Buffer.alloc(16);
    fprog.writeUInt16LE(filter.length / INSTRUCTION_BYTES, 0);
    fprog.writeBigUInt64LE(addressOf(filter), 8);
    const result = check(seccomp(SECCOMP_SET_MODE_FILTER, flags, fprog), () => `seccomp(SET_MODE_FILTER, ${flags})`);
    if ((flags & NEW_LISTENER) === 0) return;
    sendReport(state.reportFd, { listener: result });
    const answer = Buffer.alloc(1);
    if (read(state.ackFd, answer, 1) !== 1) {
      throw new NetdError("LAUNCH_FAILED", "Cannot hand the seccomp listener over: the runtime has gone");
    }
  },
  toShell: ({ program, flags }) => [
    `# seccomp: ${Buffer.byteLength(program, "base64") / INSTRUCTION_BYTES} instructions, flags ${flags}; with a file of them: setpriv --seccomp-filter FILE`,
  ],
};
