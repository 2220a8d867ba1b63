/**
 * From a document that may be anything to an OCI configuration that planners can trust.
 *
 * @module
 */
import { resolve } from "node:path";
import { absolutePath, idMappings, strings } from "./basic-rules.ts";
import { checkConfig, isBindMount } from "./check-config.ts";
import type { OciConfig, OciHook, OciHookKind, OciMount, OciProcess, OciResources } from "./config.ts";
import { linuxRule } from "./linux-rules.ts";
import { processRule } from "./process-rules.ts";
import { resourcesRule } from "./resource-rules.ts";
import {
  checked,
  flag,
  integer,
  list,
  map,
  object,
  orElse,
  type Rule,
  refuse,
  required,
  show,
  text,
  unlessEmpty,
  type Warn,
} from "./rule.ts";

/** Kinds of hooks, in the order in which they run. */
export const HOOK_KINDS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const satisfies OciHookKind[];

/** How {@link parseOciConfig} takes a document. */
export interface ParseOciConfigOptions {
  /** Directory of the document, absolute; relative paths of the host in it become absolute ones. */
  bundle?: string | undefined;
  /** Told of what is passed over. */
  warn?: Warn | undefined;
}

const SECONDS_MAX = 0x7fffffff;
const SEMANTIC_VERSION = /^(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

const hooks = list(
  object<OciHook>({
    path: required(absolutePath),
    args: strings,
    env: strings,
    timeout: integer(1, SECONDS_MAX),
  }),
);

const mount = object<OciMount>({
  destination: required(checked(text("a path is wanted", /./), absoluteDestination)),
  type: unlessEmpty(text()),
  source: unlessEmpty(text()),
  options: strings,
  uidMappings: idMappings,
  gidMappings: idMappings,
});

/** Rule of a whole configuration. */
export const configRule: Rule<OciConfig> = object<OciConfig>({
  ociVersion: required(checked(text(), checkVersion)),
  process: required(processRule),
  root: required(object<OciConfig["root"]>({ path: required(text("a path is wanted", /./)), readonly: flag })),
  hostname: unlessEmpty(text()),
  domainname: unlessEmpty(text()),
  mounts: orElse(list(mount), () => []),
  hooks: object<NonNullable<OciConfig["hooks"]>>({
    prestart: hooks,
    createRuntime: hooks,
    createContainer: hooks,
    startContainer: hooks,
    poststart: hooks,
    poststop: hooks,
  }),
  annotations: map(text(), (key, path) => {
    if (key === "") refuse(path, "its key is empty", "a name is wanted");
  }),
  linux: orElse(linuxRule, () => ({ namespaces: [], cgroupsPath: "" })),
});

/**
 * Check and complete a configuration (config.json). Properties that the specification does not know are left out.
 *
 * @throws {NetdError} OCI_CONFIG_INVALID; the message begins with the JSON path of what is wrong
 */
export function parseOciConfig(document: unknown, { bundle, warn = () => {} }: ParseOciConfigOptions = {}): OciConfig {
  const config = configRule.take(document, "$", warn);
  checkConfig(config);
  return bundle === undefined ? config : resolvePaths(config, bundle);
}

/** Check and complete a process, as `exec` takes it. @throws {NetdError} OCI_CONFIG_INVALID */
export function parseOciProcess(document: unknown, warn: Warn = () => {}): OciProcess {
  return processRule.take(document, "$", warn);
}

/** Check and complete resources, as `update` takes them. @throws {NetdError} OCI_CONFIG_INVALID */
export function parseOciResources(document: unknown, warn: Warn = () => {}): OciResources {
  return resourcesRule.take(document, "$", warn);
}

function checkVersion(version: string, path: string): string {
  const [, major] = SEMANTIC_VERSION.exec(version) ?? [];
  if (major === "1") return version;
  return refuse(path, `it is ${show(version)}`, "a version 1.x.y of the runtime specification is wanted");
}

function absoluteDestination(destination: string, path: string, warn: Warn): string {
  if (destination.startsWith("/")) return destination;
  warn(`Cannot take ${path} as it is: ${show(destination)} is relative, /${destination} is taken`);
  return `/${destination}`;
}

/** As runc does: the root and the sources of binds are relative to the bundle. */
function resolvePaths(config: OciConfig, bundle: string): OciConfig {
  const { root, mounts } = config;
  return {
    ...config,
    root: { ...root, path: resolve(bundle, root.path) },
    mounts: mounts.map((entry) =>
      entry.source !== undefined && isBindMount(entry) ? { ...entry, source: resolve(bundle, entry.source) } : entry,
    ),
  };
}
