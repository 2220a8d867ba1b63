/**
 * Gates at which starting containers wait for their callers.
 *
 * @module
 */

interface Gate {
  promise: Promise<boolean>;
  settle: (isGo: boolean) => void;
}

/** Opens gates by name, whichever of the two comes first: who waits, or who opens. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  /** Settles when the gate is opened or its start called off. */
  wait(name: string): Promise<boolean> {
    return this.#gate(name).promise;
  }

  /** Open a gate, or call the start behind it off. */
  release(name: string, isGo: boolean): void {
    this.#gate(name).settle(isGo);
  }

  /** Forget a gate that nobody waits at any more. */
  forget(name: string): void {
    this.#gates.delete(name);
  }

  /** Call all starts off that wait: nobody is left to open. */
  callOffAll(): void {
    for (const { settle } of this.#gates.values()) settle(false);
  }

  #gate(name: string): Gate {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      let settle: (isGo: boolean) => void = () => {};
      const promise = new Promise<boolean>((resolve) => {
        settle = resolve;
      });
      gate = { promise, settle };
      this.#gates.set(name, gate);
    }
    return gate;
  }
}
