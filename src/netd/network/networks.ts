/**
 * All networks of this netd, by name.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { DEFAULT_NETWORK, type NetworkRow } from "./network-row.ts";

/** Shortest prefix of an id that names a network. */
const MIN_PREFIX = 2;

/** Finds networks; holds nothing that the state file does not. */
export class Networks implements Iterable<NetworkRow> {
  readonly #byName: Map<string, NetworkRow>;

  constructor(rows: Iterable<NetworkRow>) {
    this.#byName = new Map([...rows].map((row) => [row.name, row]));
  }

  /** The network of this very name. */
  get(name: string): NetworkRow | undefined {
    return this.#byName.get(name);
  }

  /**
   * Find a network by its name, its id, or the beginning of its id when that is of one only.
   *
   * @throws {NetdError} NETWORK_UNKNOWN
   */
  find(reference: string): NetworkRow {
    const exact = this.#byName.get(reference);
    if (exact !== undefined) return exact;
    const matches =
      reference.length < MIN_PREFIX ? [] : [...this.#byName.values()].filter(({ id }) => id.startsWith(reference));
    if (matches.length === 1) return matches[0]!;
    const [text, remedy] =
      matches.length > 1
        ? [`Cannot tell which network '${reference}' is: ${matches.length} ids begin so`, "Give its name"]
        : [
            `Cannot find network '${reference}': there is none of that name`,
            "See the networks with 'netctl net ls', or make it with 'netctl net create'",
          ];
    throw new NetdError("NETWORK_UNKNOWN", text, { remedy });
  }

  /** The one that containers join unless told otherwise. */
  get default(): NetworkRow {
    const row = this.#byName.get(DEFAULT_NETWORK);
    if (row === undefined) throw new NetdError("INTERNAL", "Cannot find the default network: it was never opened");
    return row;
  }

  /** Add a network, or put a changed one in its place. */
  set(row: NetworkRow): void {
    this.#byName.set(row.name, row);
  }

  delete(name: string): void {
    this.#byName.delete(name);
  }

  get size(): number {
    return this.#byName.size;
  }

  [Symbol.iterator](): Iterator<NetworkRow> {
    return this.#byName.values();
  }
}
