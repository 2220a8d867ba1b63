/**
 * Images as the API tells of them.
 *
 * @module
 */
import type { ImageInfo } from "../api/index.ts";
import type { Image } from "../image/index.ts";

/** Tell about an image. */
export function imageInfo({ name, id, createdAt, sizeBytes, config: { exposedPorts } }: Image): ImageInfo {
  return { name, id, createdAt, sizeBytes, ...(exposedPorts === undefined ? {} : { exposedPorts }) };
}
