/**
 * Owns images: their names, their layers in the state directory, the built-in busybox, and the safe unpacking of archives.
 * Never mounts anything and never decides who may use an image.
 *
 * @module
 */

export type { ArchiveLimits } from "./archive-reader.ts";
export type { ImageConfig, ImageHealthcheck } from "./image-index.ts";
export * from "./image-name.ts";
export * from "./image-store.ts";
export { unpackArchive } from "./unpack.ts";
