/**
 * `--change` of an image import: what a Dockerfile would say about how to run the image.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import type { ImageConfig } from "../image/index.ts";

const CHANGE = /^(CMD|ENV|WORKDIR|USER)[ =](.+)$/s;

/**
 * Parse changes such as `CMD=["sh","-l"]`, `CMD sh -l` (run by a shell), `ENV A=b`, `WORKDIR /srv`, `USER nobody`.
 *
 * @throws {NetdError} API_REQUEST_INVALID
 */
export function parseImageChanges(changes: readonly string[]): Partial<ImageConfig> {
  const config: { cmd?: string[]; env?: string[]; workdir?: string; user?: string } = {};
  for (const change of changes) {
    const [, instruction, value = ""] = CHANGE.exec(change.trim()) ?? [];
    if (instruction === "CMD") config.cmd = parseCommand(value);
    else if (instruction === "ENV" && /^[^=]+=/.test(value)) config.env = [...(config.env ?? []), value];
    else if (instruction === "WORKDIR" && value.startsWith("/")) config.workdir = value;
    else if (instruction === "USER") config.user = value;
    else {
      throw new NetdError(
        "API_REQUEST_INVALID",
        `Cannot apply change '${change}': CMD, ENV K=V, WORKDIR /PATH or USER wanted`,
        {
          remedy: `Write for example --change 'CMD=["sh"]'`,
        },
      );
    }
  }
  return config;
}

/** The exec form is a JSON array; anything else goes to a shell, as in a Dockerfile. */
function parseCommand(value: string): string[] {
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed) && parsed.every((word) => typeof word === "string")) return parsed;
  } catch {
    // Not JSON: the shell form.
  }
  return ["/bin/sh", "-c", value];
}
