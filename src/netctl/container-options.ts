/**
 * The options of `run` and `create`, with docker's meaning, and the specification they make.
 *
 * @module
 */
import type { Command } from "commander";
import type { ContainerSpec } from "../api/index.ts";
import { collect } from "./command-options.ts";
import type { CommonOptions, NetctlContext } from "./context.ts";
import { addHealthOptions, type HealthOptions, toHealthCheck } from "./health-options.ts";
import { addJoinOptions, type JoinOptions, toJoinSpec } from "./join-options.ts";
import { addLifeOptions, type LifeOptions, toCommand, toLifeSpec } from "./life-options.ts";
import { addCreationLimitOptions, addLimitOptions, type LimitOptions, toLimitSpec } from "./limit-options.ts";
import { readPairFiles } from "./parse-env-file.ts";
import { parseLogOptions } from "./parse-log-options.ts";
import { parseEnv, parseExtraHost, parseLabels } from "./parse-pairs.ts";
import { parseSecurityOptions } from "./parse-security.ts";
import { addProcessOptions, type ProcessOptions, toProcessSpec } from "./process-options.ts";
import { addStorageOptions, type StorageOptions, toStorageSpec } from "./storage-options.ts";

/** Options as commander parses them. */
export interface ContainerOptions
  extends CommonOptions,
    LifeOptions,
    HealthOptions,
    JoinOptions,
    LimitOptions,
    ProcessOptions,
    StorageOptions {
  interactive?: boolean;
  tty?: boolean;
  rm?: boolean;
  name?: string;
  hostname?: string;
  env?: string[];
  envFile?: string[];
  labelFile?: string[];
  workdir?: string;
  user?: string;
  capAdd?: string[];
  capDrop?: string[];
  securityOpt?: string[];
  privileged?: boolean;
  readOnly?: boolean;
  label?: string[];
  addHost?: string[];
  dns?: string[];
  logDriver?: string;
  logOpt?: string[];
}

/** Add the options that describe a container. */
export function addContainerOptions(command: Command): Command {
  command
    // -h is the host name, as in docker; alone at the end it is this help.
    .helpOption("--help", "print this; -h at the end, too")
    .option("-i, --interactive", "keep standard input open")
    .option("-t, --tty", "give the command a terminal")
    .option("--rm", "remove the container when it ends")
    .option("--name <name>", "its name, on the network too")
    .option("-h, --hostname <name>", "its host name (default: 12 digits of its id)")
    .option("-e, --env <name[=value]>", "set a variable; without a value, take ours", collect)
    .option("--env-file <file>", "set the variables of a file, one NAME=VALUE a line", collect)
    .option("-w, --workdir <dir>", "directory that the command starts in")
    .option("-u, --user <user[:group]>", "user that the command runs as, by name or number")
    .option("--cap-add <capability>", "give a capability, or ALL", collect)
    .option("--cap-drop <capability>", "take a capability, or ALL", collect)
    .option(
      "--security-opt <option>",
      "no-new-privileges, seccomp=FILE, seccomp=unconfined, systempaths=unconfined",
      collect,
    )
    .option("--privileged", "give all capabilities and devices, hide and filter nothing")
    .option("--read-only", "mount the root file system read-only")
    .option("--dns <address>", "ask this name server for names that are not containers'", collect)
    .option("--add-host <name:address>", "add a line to /etc/hosts", collect)
    .option("--log-driver <driver>", "how its output is kept: local (the default), json-file (the same), none")
    .option("--log-opt <name=value>", "max-size=20m of one file of its log, max-file=5 of them", collect)
    .option("-l, --label <name[=value]>", "attach a label", collect)
    .option("--label-file <file>", "attach the labels of a file, one NAME=VALUE a line", collect);
  addJoinOptions(command);
  addStorageOptions(command);
  addLifeOptions(command);
  addHealthOptions(command);
  addLimitOptions(command);
  addCreationLimitOptions(command);
  addProcessOptions(command);
  return command;
}

/** Make the specification that netd gets. */
export function toContainerSpec(
  image: string,
  argv: string[],
  options: ContainerOptions,
  context: Pick<NetctlContext, "env" | "workdir">,
): ContainerSpec {
  const spec: ContainerSpec = {
    image,
    ...toJoinSpec(options),
    ...toStorageSpec(options, context.workdir),
    ...toLifeSpec(options),
    ...toLimitSpec(options),
    ...toProcessSpec(options),
  };
  // What is in files comes first: a later one wins.
  const readAll = <T>(
    option: string,
    files: string[] | undefined,
    own: string[] | undefined,
    parse: (pairs: string[]) => T,
  ): T | undefined =>
    files === undefined && own === undefined
      ? undefined
      : parse([...readPairFiles(option, files ?? [], context.workdir), ...(own ?? [])]);
  const set = <K extends keyof ContainerSpec>(key: K, value: ContainerSpec[K] | undefined): void => {
    if (value !== undefined) spec[key] = value;
  };
  set("name", options.name);
  set("command", toCommand(options.entrypoint, argv));
  set(
    "env",
    readAll("--env-file", options.envFile, options.env, (pairs) => parseEnv(pairs, context.env)),
  );
  set("workdir", options.workdir);
  set("user", options.user);
  set("hostname", options.hostname);
  set("capAdd", options.capAdd);
  set("capDrop", options.capDrop);
  if (options.securityOpt !== undefined)
    Object.assign(spec, parseSecurityOptions(options.securityOpt, context.workdir));
  set("privileged", options.privileged);
  set("readOnly", options.readOnly);
  set("dns", options.dns);
  set("extraHosts", options.addHost?.map(parseExtraHost));
  set("labels", readAll("--label-file", options.labelFile, options.label, parseLabels));
  set("log", parseLogOptions(options.logDriver, options.logOpt));
  set("tty", options.tty);
  set("stdin", options.interactive);
  set("autoRemove", options.rm);
  set("health", toHealthCheck(options));
  return spec;
}
