/**
 * A container of the one-shot commands, as the planner takes it.
 *
 * @module
 */
import type { StdioSource } from "../../kernel/process/index.ts";
import type { OciConfig } from "../oci/config.ts";

/** A container whose streams are its caller's, and which runs hooks. */
export interface OneShotParams {
  containerId: string;
  config: OciConfig;
  /** Leave the process the session keyring of its caller. */
  noNewKeyring: boolean;
  /** Enter the root by moving it instead of pivot_root: it is on a ramdisk. */
  isRootMoved: boolean;
  stdio: Record<"stdin" | "stdout" | "stderr", StdioSource>;
  /** What hooks read, without the pid; status and pid are those of the moment. */
  hookState: Record<string, unknown>;
  /** Environment of hooks that bring none. */
  hookEnv: string[];
  /** Wait for the start: descriptors of two FIFOs. */
  wait?: { startFd: number; resultFd: number };
  /** So many descriptors from 3 on are the program's too. */
  preserveFds: number;
}
