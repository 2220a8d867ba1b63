/**
 * Names of images: `[HOST[:PORT]/]PATH[:TAG]`, as docker writes them. A name is a key, never a path.
 *
 * @module
 */
import { NetdError } from "../errors.ts";

const HOST = "(?:(?:localhost|[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]+(?=:\\d))(?::\\d{1,5})?/)?";
const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const PATTERN = new RegExp(`^(${HOST}${COMPONENT}(?:/${COMPONENT})*)(?::(${TAG}))?$`);
const MAX_LENGTH = 255;
const DEFAULT_TAG = "latest";

/**
 * Parse a name to its canonical form, which leaves the tag `latest` out.
 *
 * @throws {NetdError} IMAGE_NAME_INVALID
 */
export function parseImageName(text: string): string {
  const [, path, tag = DEFAULT_TAG] = (text.length <= MAX_LENGTH && PATTERN.exec(text)) || [];
  if (path === undefined) {
    throw new NetdError(
      "IMAGE_NAME_INVALID",
      `Cannot use image name ${JSON.stringify(text.slice(0, MAX_LENGTH))}: it is not of the form NAME[:TAG]`,
      { remedy: "Use lower-case letters, digits, '.', '_', '-' and '/', such as 'tools/web:1.2'" },
    );
  }
  return tag === DEFAULT_TAG ? path : `${path}:${tag}`;
}
