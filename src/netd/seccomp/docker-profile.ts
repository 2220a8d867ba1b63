/**
 * Reads seccomp profiles as docker's `--security-opt seccomp=FILE` takes them: the specification's document, or docker's own with rules that
 * depend on capabilities, architecture and kernel.
 *
 * Source: moby/profiles seccomp/seccomp.go and seccomp_linux.go; podman's `errno` and `defaultErrno` by name.
 *
 * @module
 */
import { constants } from "node:os";
import { NetdError } from "../../errors.ts";
import { type OciSeccomp, type OciSeccompArg, type OciSeccompSyscall, parseJson } from "../../runtime/index.ts";
import type { DefaultSeccompProfileOptions } from "./default-profile.ts";
import { isKernelAtLeast, seccompArchitectures } from "./machine.ts";

/** Something of JSON. */
type Json = { [key: string]: Json } | Json[] | string | number | boolean | null | undefined;

/**
 * Read a profile for a container. Undefined: the document asks for nothing, and so for no filter.
 *
 * @throws {NetdError} SECCOMP_PROFILE_INVALID naming the field
 */
export function parseSeccompProfile(text: string, options: DefaultSeccompProfileOptions): OciSeccomp | undefined {
  const document = asObject(parseText(text), "the profile");
  const rules = asList(document.syscalls, "syscalls");
  const defaultAction = asOptionalText(document.defaultAction, "defaultAction") ?? "";
  if (defaultAction === "" && rules.length === 0) return undefined;
  if (defaultAction === "") throw invalid("defaultAction is absent", "an action such as SCMP_ACT_ERRNO");
  const architectures = parseArchitectures(document, options);
  const defaultErrnoRet = parseErrno(document.defaultErrnoRet, document.defaultErrno, "defaultErrnoRet");
  const flags = document.flags;
  const listenerPath = asOptionalText(document.listenerPath, "listenerPath");
  const listenerMetadata = asOptionalText(document.listenerMetadata, "listenerMetadata");
  return {
    defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    ...(architectures.length === 0 ? {} : { architectures }),
    ...(flags === undefined || flags === null ? {} : { flags: asTexts(flags, "flags") }),
    ...(listenerPath === undefined ? {} : { listenerPath }),
    ...(listenerMetadata === undefined ? {} : { listenerMetadata }),
    syscalls: rules.flatMap((rule, index) => parseRule(rule, `syscalls[${index}]`, options)),
  };
}

function parseText(text: string): Json {
  try {
    return parseJson(text) as Json;
  } catch (cause) {
    throw invalid(`it is no JSON (${cause instanceof Error ? cause.message : String(cause)})`, "a JSON document");
  }
}

/** `architectures` as it is, or the entry of docker's `archMap` for this machine. */
function parseArchitectures(document: Record<string, Json>, options: DefaultSeccompProfileOptions): string[] {
  const named = asTexts(document.architectures, "architectures");
  const map = asList(document.archMap, "archMap");
  if (named.length > 0 && map.length > 0) throw invalid("architectures and archMap are both there", "one of them");
  const [own] = seccompArchitectures(options);
  for (const [index, entry] of map.entries()) {
    const { architecture, subArchitectures } = asObject(entry, `archMap[${index}]`);
    if (architecture !== own || own === undefined) continue;
    return [own, ...asTexts(subArchitectures, `archMap[${index}].subArchitectures`)];
  }
  return named;
}

function parseRule(value: Json, at: string, options: DefaultSeccompProfileOptions): OciSeccompSyscall[] {
  const rule = asObject(value, at);
  const name = asOptionalText(rule.name, `${at}.name`);
  const names = asTexts(rule.names, `${at}.names`);
  if (name !== undefined && name !== "" && names.length > 0) throw invalid(`${at} has name and names`, "one of them");
  if (!applies(rule, at, options)) return [];
  const errnoRet = parseErrno(rule.errnoRet, rule.errno, `${at}.errnoRet`);
  const args = asList(rule.args, `${at}.args`).map((arg, index) => parseArgument(arg, `${at}.args[${index}]`));
  return [
    {
      names: name === undefined || name === "" ? names : [name],
      action: asText(rule.action, `${at}.action`),
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args.length === 0 ? {} : { args }),
    },
  ];
}

/** Whether a rule is for this container: all of `includes` hold, and none of `excludes`. */
function applies(rule: Record<string, Json>, at: string, options: DefaultSeccompProfileOptions): boolean {
  const { capabilities, arch } = options;
  const conditions = (key: "includes" | "excludes") => {
    const place = `${at}.${key}`;
    const filter = rule[key] === undefined || rule[key] === null ? {} : asObject(rule[key], place);
    const minKernel = asOptionalText(filter.minKernel, `${place}.minKernel`);
    return {
      arches: asTexts(filter.arches, `${place}.arches`),
      caps: asTexts(filter.caps, `${place}.caps`),
      isKernelNew: minKernel === undefined || minKernel === "" ? undefined : isNewEnough(minKernel, place, options),
    };
  };
  const excludes = conditions("excludes");
  if (excludes.arches.includes(arch) || excludes.caps.some((cap) => capabilities.includes(cap))) return false;
  if (excludes.isKernelNew === true) return false;
  const includes = conditions("includes");
  if (includes.arches.length > 0 && !includes.arches.includes(arch)) return false;
  return includes.caps.every((cap) => capabilities.includes(cap)) && includes.isKernelNew !== false;
}

function isNewEnough(version: string, at: string, options: DefaultSeccompProfileOptions): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(version) ?? [];
  if (major === undefined || minor === undefined) throw invalid(`${at}.minKernel is "${version}"`, "MAJOR.MINOR");
  return isKernelAtLeast(options, Number(major), Number(minor));
}

function parseArgument(value: Json, at: string): OciSeccompArg {
  const arg = asObject(value, at);
  const valueTwo =
    arg.valueTwo === undefined || arg.valueTwo === null ? undefined : asNumber(arg.valueTwo, `${at}.valueTwo`);
  const index = asNumber(arg.index ?? 0, `${at}.index`);
  return {
    index: Number(index),
    value: asNumber(arg.value ?? 0, `${at}.value`),
    ...(valueTwo === undefined ? {} : { valueTwo }),
    op: asText(arg.op, `${at}.op`),
  };
}

/** A number, or podman's name of one, which wins. */
function parseErrno(number: Json, name: Json, at: string): number | undefined {
  if (typeof name === "string" && name !== "") {
    const known = (constants.errno as Record<string, number>)[name];
    if (known === undefined) throw invalid(`${at} is "${name}"`, "the name of an errno");
    return known;
  }
  return number === undefined || number === null ? undefined : Number(asNumber(number, at));
}

function asObject(value: Json, at: string): Record<string, Json> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw invalid(`${at} is ${describe(value)}`, "an object");
}

function asList(value: Json, at: string): Json[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw invalid(`${at} is ${describe(value)}`, "a list");
}

function asTexts(value: Json, at: string): string[] {
  return asList(value, at).map((item, index) => asText(item, `${at}[${index}]`));
}

function asText(value: Json, at: string): string {
  if (typeof value === "string") return value;
  throw invalid(`${at} is ${describe(value)}`, "text");
}

function asOptionalText(value: Json, at: string): string | undefined {
  return value === undefined || value === null ? undefined : asText(value, at);
}

/** Numbers beyond 2^53 arrive as text. */
function asNumber(value: Json, at: string): number | string {
  if (typeof value === "number" || (typeof value === "string" && /^\d{16,}$/.test(value))) return value;
  throw invalid(`${at} is ${describe(value)}`, "a number");
}

function describe(value: Json): string {
  return value === undefined ? "absent" : (JSON.stringify(value) ?? "absent").slice(0, 40);
}

function invalid(now: string, wanted: string): NetdError {
  return new NetdError("SECCOMP_PROFILE_INVALID", `Cannot use the seccomp profile: ${now}, ${wanted} wanted`, {
    remedy: "Correct the profile, or take netd's own by leaving the option out",
  });
}
