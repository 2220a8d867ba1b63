/**
 * `--change` of an image import: what a Dockerfile would say about how to run the image.
 *
 * @module
 */
import { NetdError } from "../errors.ts";
import type { ImageConfig, ImageHealthcheck } from "../image/index.ts";

const CHANGE = /^(CMD|ENV|WORKDIR|USER|HEALTHCHECK|VOLUME|EXPOSE)[ =](.+)$/s;
const EXPOSED = /^(\d{1,5}(?:-\d{1,5})?)(?:\/(tcp|udp|sctp))?$/;

/**
 * Parse changes such as `CMD=["sh","-l"]`, `CMD sh -l` (run by a shell), `ENV A=b`, `WORKDIR /srv`, `USER nobody`.
 *
 * @throws {NetdError} API_REQUEST_INVALID
 */
export function parseImageChanges(changes: readonly string[]): Partial<ImageConfig> {
  const config: Partial<ImageConfig> = {};
  for (const change of changes) {
    const [, instruction, value = ""] = CHANGE.exec(change.trim()) ?? [];
    if (instruction === "CMD") config.cmd = parseCommand(value);
    else if (instruction === "ENV" && /^[^=]+=/.test(value)) config.env = [...(config.env ?? []), value];
    else if (instruction === "WORKDIR" && value.startsWith("/")) config.workdir = value;
    else if (instruction === "USER") config.user = value;
    else if (instruction === "HEALTHCHECK") config.healthcheck = parseHealthcheck(value);
    else if (
      instruction === "EXPOSE" &&
      value
        .trim()
        .split(/\s+/)
        .every((port) => EXPOSED.test(port))
    ) {
      config.exposedPorts = [...(config.exposedPorts ?? []), ...value.trim().split(/\s+/).map(withProtocol)];
    } else if (instruction === "VOLUME" && parseVolumes(value).every((path) => path.startsWith("/"))) {
      config.volumes = [...(config.volumes ?? []), ...parseVolumes(value)];
    } else {
      throw new NetdError(
        "API_REQUEST_INVALID",
        `Cannot apply change '${change}': CMD, ENV K=V, WORKDIR /PATH, USER, HEALTHCHECK, EXPOSE PORT or VOLUME /PATH wanted`,
        {
          remedy: `Write for example --change 'CMD=["sh"]'`,
        },
      );
    }
  }
  return config;
}

function withProtocol(port: string): string {
  return port.includes("/") ? port : `${port}/tcp`;
}

/**
 * Parse `[--interval=30s] [--timeout=30s] [--retries=3] [--start-period=0s] [--start-interval=5s] CMD ...`, or `NONE`: a Dockerfile's form.
 *
 * @throws {NetdError} API_REQUEST_INVALID
 */
function parseHealthcheck(value: string): ImageHealthcheck {
  if (value.trim() === "NONE") return { test: ["NONE"] };
  const [, flags = "", command] = /^((?:--[a-z-]+=\S+\s+)*)CMD\s+(.+)$/s.exec(value) ?? [];
  const check: ImageHealthcheck = {};
  for (const [, name = "", text = ""] of flags.matchAll(/--([a-z-]+)=(\S+)/g)) {
    const key = HEALTH_FLAGS[name];
    const number = name === "retries" ? Number(text) : parseSeconds(text) * 1000;
    if (key === undefined || !Number.isSafeInteger(number) || number < 1) throw healthcheckInvalid(value);
    check[key] = number;
  }
  if (command === undefined) throw healthcheckInvalid(value);
  const words = parseCommand(command);
  return { ...check, test: command.startsWith("[") ? ["CMD", ...words] : ["CMD-SHELL", command] };
}

const HEALTH_FLAGS: Record<string, Exclude<keyof ImageHealthcheck, "test">> = {
  interval: "intervalMs",
  timeout: "timeoutMs",
  retries: "retries",
  "start-period": "startPeriodMs",
  "start-interval": "startIntervalMs",
};

/** Parse `1m30s`, `5s` or `200ms` to seconds; NaN when it is none. */
function parseSeconds(text: string): number {
  if (!/^(\d+(h|ms|m|s))+$/.test(text)) return Number.NaN;
  const unit: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  return [...text.matchAll(/(\d+)(h|ms|m|s)/g)].reduce(
    (sum, [, number, name = ""]) => sum + Number(number) * unit[name]!,
    0,
  ); // matched above
}

function healthcheckInvalid(value: string): NetdError {
  return new NetdError("API_REQUEST_INVALID", `Cannot apply change 'HEALTHCHECK ${value}': CMD or NONE wanted`, {
    remedy: "Write for example --change 'HEALTHCHECK --interval=5s CMD wget -q -O - localhost'",
  });
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

/** The paths of a VOLUME line: a JSON array, or words. */
function parseVolumes(value: string): string[] {
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed) && parsed.every((path) => typeof path === "string")) return parsed;
  } catch {
    // Not JSON: words.
  }
  return value.trim().split(/\s+/);
}
