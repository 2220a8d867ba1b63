/** A random number generator that gives the same numbers for the same seed: mulberry32. */
export function makeRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A container as it should be. */
export interface ModelContainer {
  isRunning: boolean;
  /** Interface by network. */
  endpoints: Map<string, string>;
  /** Ports of the host that lead to it. */
  ports: Set<number>;
}

/** What netd should know: networks and containers by name. */
export class NetworkModel {
  readonly networks = new Set(["default"]);
  readonly containers = new Map<string, ModelContainer>();
  /** `FROM TO`. */
  readonly allows = new Set<string>();
  #made = 0;

  /** A name that nothing had before. */
  newName(prefix: string): string {
    return `${prefix}${this.#made++}`;
  }

  connect(container: ModelContainer, network: string): void {
    const taken = new Set(container.endpoints.values());
    let number = 0;
    while (taken.has(`eth${number}`)) number++;
    container.endpoints.set(network, `eth${number}`);
  }

  isUsed(network: string): boolean {
    return [...this.containers.values()].some(({ endpoints }) => endpoints.has(network));
  }
}
