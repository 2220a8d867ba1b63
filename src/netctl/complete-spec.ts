/**
 * The part of a specification that depends on the image.
 *
 * @module
 */
import type { ApiClient, ContainerSpec } from "../api/index.ts";
import { type JoinOptions, withAllPublished } from "./join-options.ts";

/** Add the ports of `-P`. netd is asked only when it was given. @throws {UsageError} when nothing is exposed */
export async function completeSpec(
  spec: ContainerSpec,
  { publishAll }: JoinOptions,
  client: ApiClient,
): Promise<ContainerSpec> {
  if (publishAll !== true) return spec;
  const images = await client.images();
  // An image that is not there is netd's to refuse.
  const image = images.find(({ name }) => name === spec.image || name === spec.image.replace(/:latest$/, ""));
  return image === undefined ? spec : withAllPublished(spec, image.exposedPorts ?? []);
}
