/**
 * Changes of one container wait for each other; those of different containers do not.
 *
 * @module
 */
import type { Container } from "../container.ts";

/** Make a change of a container as soon as the one before it is done, whether that succeeded or not. */
export async function takeTurn<T>(container: Container, change: () => Promise<T>): Promise<T> {
  container.turns++;
  const result = container.busy.then(change, change);
  container.busy = result.catch(() => {});
  try {
    return await result;
  } finally {
    container.turns--;
  }
}
