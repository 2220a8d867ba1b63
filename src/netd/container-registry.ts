/**
 * All containers of this netd, by id and by name.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import type { Container } from "./container.ts";

/** Shortest prefix of an id that names a container. */
const MIN_PREFIX = 2;

/** Finds containers; holds nothing that the state file does not. */
export class ContainerRegistry implements Iterable<Container> {
  readonly #byId = new Map<string, Container>();
  readonly #byName = new Map<string, Container>();

  add(container: Container): void {
    this.#byId.set(container.row.id, container);
    this.#byName.set(container.row.name, container);
  }

  delete(container: Container): void {
    this.#byId.delete(container.row.id);
    this.#byName.delete(container.row.name);
  }

  hasName(name: string): boolean {
    return this.#byName.has(name);
  }

  byId(id: string): Container | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): Container | undefined {
    return this.#byName.get(name);
  }

  /**
   * Find a container by its name, its id, or the beginning of its id when that is of one only.
   *
   * @throws {NetdError} CONTAINER_UNKNOWN
   */
  find(reference: string): Container {
    const exact = this.#byName.get(reference) ?? this.#byId.get(reference);
    if (exact !== undefined) return exact;
    if (reference.length >= MIN_PREFIX && /^[0-9a-f]+$/.test(reference)) {
      const matches = [...this.#byId.values()].filter(({ row }) => row.id.startsWith(reference));
      if (matches.length === 1) return matches[0]!;
      if (matches.length > 1) {
        throw new NetdError(
          "CONTAINER_UNKNOWN",
          `Cannot tell which container '${reference}' is: ${matches.length} ids begin so`,
          {
            remedy: "Give more digits, or the name",
          },
        );
      }
    }
    throw new NetdError("CONTAINER_UNKNOWN", `Cannot find container '${reference}': there is none of that name or id`, {
      remedy: "See the containers with 'netctl ps -a'",
    });
  }

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): Iterator<Container> {
    return this.#byId.values();
  }
}

/** Name of a container that is made from an image; undefined when none is. */
export function imageUser(containers: Iterable<Container>, imageId: string): string | undefined {
  for (const { row } of containers) if (row.image.id === imageId) return row.name;
  return undefined;
}
