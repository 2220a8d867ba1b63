/**
 * Hands the signals that netctl gets on to the container in the foreground.
 *
 * @module
 */

/** Signals that are passed on. */
const PASSED_ON: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];

/** So many SIGINT or SIGTERM mean that the user wants out, whatever the container does with them. */
const PATIENCE = 3;

/** Pass signals on from now until disposed. */
export class SignalProxy implements Disposable {
  readonly #handle: (signal: NodeJS.Signals) => void;
  #asked = 0;

  constructor(send: (signal: string) => void, giveUp: () => void) {
    this.#handle = (signal) => {
      if ((signal === "SIGINT" || signal === "SIGTERM") && ++this.#asked >= PATIENCE) giveUp();
      else send(signal);
    };
    for (const signal of PASSED_ON) process.on(signal, this.#handle);
  }

  [Symbol.dispose](): void {
    for (const signal of PASSED_ON) process.off(signal, this.#handle);
  }
}
