/**
 * Images on disk: `index.json` says which names there are, `layers/DIGEST` holds what they unpack to.
 *
 * @module
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { NetdError } from "../errors.ts";
import { isWriteFailure, storeWriteFailed } from "./archive-error.ts";
import type { ArchiveLimits } from "./archive-reader.ts";
import { fingerprintBusybox, makeBusybox } from "./busybox.ts";
import { type ImageConfig, type ImageRecord, readImageIndex, syncDirectory, writeImageIndex } from "./image-index.ts";
import { parseImageName } from "./image-name.ts";
import { unpackArchive } from "./unpack.ts";

/** An image as callers see it. */
export interface Image {
  name: string;
  /** `sha256:` and 64 hexadecimal digits. */
  id: string;
  /** ISO 8601. */
  createdAt: string;
  /** Bytes of all regular files, unpacked. */
  sizeBytes: number;
  /** Read-only directories for an overlay mount, uppermost first. */
  layers: string[];
  config: ImageConfig;
}

/** What {@link ImageStore} gets from outside. */
export interface ImageStoreOptions {
  now?: () => Date;
  limits?: Partial<ArchiveLimits>;
}

/** What {@link ImageStore.importTar} may be told about an image. */
export interface ImportTarOptions {
  /** How containers of it run; what is absent is empty. */
  config?: Partial<ImageConfig>;
}

/** Name of the container that uses the image of this id; undefined when none does. */
export type ImageUserOf = (id: string) => string | undefined;

const DEFAULT_LIMITS: ArchiveLimits = { maxBytes: 10 * 2 ** 30, maxEntries: 1_000_000 };
const EMPTY_CONFIG: ImageConfig = { cmd: [], env: [], workdir: "", user: "" };
const BUSYBOX = "busybox";
const LAYER_NAME = /^[0-9a-f]{64}$/;
const TEMPORARY_PREFIX = "tmp-";

/** All images of one state directory. One process has it open at a time. */
export class ImageStore {
  readonly #directory: string;
  readonly #now: () => Date;
  readonly #limits: ArchiveLimits;
  #images: Map<string, ImageRecord>;
  #makingBusybox: Promise<Image> | undefined;

  /**
   * Open the store in `directory`, which is made when missing; what an interrupted import left is removed.
   *
   * @throws {NetdError} STATE_UNREADABLE, STATE_WRITE_FAILED
   */
  constructor(directory: string, options: ImageStoreOptions = {}) {
    this.#directory = directory;
    this.#now = options.now ?? (() => new Date());
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    try {
      mkdirSync(join(directory, "layers"), { recursive: true, mode: 0o700 });
      for (const name of readdirSync(directory)) {
        if (name.startsWith(TEMPORARY_PREFIX)) rmSync(join(directory, name), { recursive: true, force: true });
      }
    } catch (error) {
      throw storeWriteFailed("open the image store", error);
    }
    this.#images = readImageIndex(this.#indexPath);
  }

  /** All images by name. */
  list(): Image[] {
    return [...this.#images]
      .map(([name, record]) => this.#imageOf(name, record))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The image of this name; undefined when there is none, also when no image can have it. */
  get(name: string): Image | undefined {
    let key: string;
    try {
      key = parseImageName(name);
    } catch {
      return undefined;
    }
    const record = this.#images.get(key);
    return record === undefined ? undefined : this.#imageOf(key, record);
  }

  /** The layers of an image by its id, uppermost first: a container keeps them when the name goes to another image. */
  layersOf(id: string): string[] {
    return [this.#layerPath(id)];
  }

  /**
   * Make the built-in `busybox` unless it is there; again when the host's busybox has changed since. An image that was imported under
   * this name stays. Calls at the same time share one making.
   *
   * @throws {NetdError} IMAGE_UNKNOWN when the host has no static busybox, STATE_WRITE_FAILED
   */
  ensureBusybox(busybox = "/bin/busybox"): Promise<Image> {
    this.#makingBusybox ??= this.#ensureBusybox(busybox).finally(() => {
      this.#makingBusybox = undefined;
    });
    return this.#makingBusybox;
  }

  /**
   * Import a tar or tar.gz as an image of one layer. An image that had the name loses it.
   *
   * Until it resolves nothing of it can be seen, and when it rejects nothing of it is left.
   *
   * @throws {NetdError} IMAGE_NAME_INVALID, IMAGE_ARCHIVE_CORRUPT, IMAGE_ARCHIVE_UNSAFE, IMAGE_TOO_LARGE, STATE_WRITE_FAILED
   */
  async importTar(name: string, archive: Readable, options: ImportTarOptions = {}): Promise<Image> {
    const key = parseImageName(name);
    return await this.#addImage(key, { config: { ...EMPTY_CONFIG, ...options.config } }, (root) =>
      unpackArchive(archive, root, this.#limits),
    );
  }

  /**
   * Take a name away, and the layer with it when it was the last.
   *
   * @throws {NetdError} IMAGE_NAME_INVALID, IMAGE_UNKNOWN, IMAGE_IN_USE naming the container, STATE_WRITE_FAILED
   */
  async remove(name: string, userOf: ImageUserOf): Promise<Image> {
    const key = parseImageName(name);
    const record = this.#images.get(key);
    if (record === undefined) {
      throw new NetdError("IMAGE_UNKNOWN", `Cannot remove image '${name}': there is none of that name`, {
        remedy: "See the images with 'netctl images'",
      });
    }
    const isLastName = [...this.#images].every(([other, { id }]) => other === key || id !== record.id);
    const user = isLastName ? userOf(record.id) : undefined;
    if (user !== undefined) {
      throw new NetdError("IMAGE_IN_USE", `Cannot remove image '${name}': container '${user}' uses it`, {
        remedy: `Remove the container first with 'netctl rm ${user}'`,
      });
    }
    this.#setImages((images) => images.delete(key));
    await this.collectGarbage(userOf);
    return this.#imageOf(key, record);
  }

  /** Delete layers that no name and no container uses: left by images whose name went to another, and by crashes. */
  async collectGarbage(userOf: ImageUserOf): Promise<void> {
    for (const layer of readdirSync(join(this.#directory, "layers"))) {
      const id = `sha256:${layer}`;
      const isNamed = [...this.#images.values()].some((record) => record.id === id);
      if (!LAYER_NAME.test(layer) || isNamed || userOf(id) !== undefined) continue;
      // Renamed first: a layer is whole or it is not there, also after a crash in between.
      const doomed = mkdtempSync(join(this.#directory, TEMPORARY_PREFIX));
      renameSync(this.#layerPath(id), join(doomed, "layer"));
      await rm(doomed, { recursive: true, force: true });
    }
  }

  async #ensureBusybox(busybox: string): Promise<Image> {
    const record = this.#images.get(BUSYBOX);
    const isImported = record !== undefined && record.madeFrom === undefined;
    if (isImported) return this.#imageOf(BUSYBOX, record);
    let madeFrom: string;
    try {
      madeFrom = await fingerprintBusybox(busybox);
    } catch (error) {
      if (record !== undefined) return this.#imageOf(BUSYBOX, record);
      throw error;
    }
    if (record?.madeFrom === madeFrom) return this.#imageOf(BUSYBOX, record);
    const config = { ...EMPTY_CONFIG, cmd: ["sh"] };
    return await this.#addImage(BUSYBOX, { config, madeFrom }, (root) => makeBusybox(busybox, root));
  }

  /** Fill a temporary directory, move it to its place by digest, and give it its name. */
  async #addImage(
    key: string,
    about: Pick<ImageRecord, "config" | "madeFrom">,
    fill: (root: string) => Promise<{ digest: string; sizeBytes: number }>,
  ): Promise<Image> {
    let temporary: string | undefined;
    try {
      temporary = mkdtempSync(join(this.#directory, TEMPORARY_PREFIX));
      const root = join(temporary, "layer");
      mkdirSync(root);
      chmodSync(root, 0o755);
      const { digest, sizeBytes } = await fill(root);
      const record: ImageRecord = { id: `sha256:${digest}`, createdAt: this.#now().toISOString(), sizeBytes, ...about };
      const layer = this.#layerPath(record.id);
      const isNew = !existsSync(layer);
      if (isNew) {
        renameSync(root, layer);
        syncDirectory(join(this.#directory, "layers"));
      }
      try {
        this.#setImages((images) => images.set(key, record));
      } catch (error) {
        if (isNew) renameSync(layer, root);
        throw error;
      }
      return this.#imageOf(key, record);
    } catch (error) {
      throw isWriteFailure(error) ? storeWriteFailed(`store image '${key}'`, error) : error;
    } finally {
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    }
  }

  /** Change the index on disk, then in memory. */
  #setImages(change: (images: Map<string, ImageRecord>) => void): void {
    const next = new Map(this.#images);
    change(next);
    writeImageIndex(this.#indexPath, next);
    this.#images = next;
  }

  #imageOf(name: string, { id, createdAt, sizeBytes, config }: ImageRecord): Image {
    return { name, id, createdAt, sizeBytes, layers: this.layersOf(id), config };
  }

  #layerPath(id: string): string {
    return join(this.#directory, "layers", id.slice("sha256:".length));
  }

  get #indexPath(): string {
    return join(this.#directory, "index.json");
  }
}
