/**
 * The step that leaves the runtime's keys behind.
 *
 * Source: keyctl(2), session-keyring(7), linux/keyctl.h.
 *
 * @module
 */
import { KernelError } from "../errno.ts";
import { joinSessionKeyring, lastErrno, setKeyPermissions } from "../libc.ts";
import { shellQuote } from "../step/shell.ts";
import type { ProcessStepDefinition } from "./define-step.ts";

/** Join the session keyring of a name, made when there is none. Without it a container would have the keys of whoever started its runtime. */
export interface KeyringJoinStep {
  op: "keyring.join";
  name: string;
}

/**
 * KEY_POS_ALL and KEY_USR_SEARCH: everything for who possesses the keyring; its user, who is the same in other containers, can only find it
 * by its name, so that a further process of the container joins it instead of making another.
 */
const PERMISSIONS = 0x3f080000;
const ENOSYS = 38;

/** Carries out {@link KeyringJoinStep}. A kernel without keys has none to leave behind. */
export const keyringJoin: ProcessStepDefinition<KeyringJoinStep> = {
  walk({ name }) {
    const keyring = joinSessionKeyring(name);
    if (keyring >= 0) {
      setKeyPermissions(keyring, PERMISSIONS);
      return;
    }
    if (lastErrno() !== ENOSYS) throw new KernelError(`keyctl(JOIN_SESSION_KEYRING, ${name})`, lastErrno());
  },
  toShell: ({ name }) => [`# in a session keyring of its own: keyctl session ${shellQuote(name)}`],
};
