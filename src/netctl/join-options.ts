/**
 * The options of `run` and `create` about networks and ports, with docker's meaning but for the address that ports are open at.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { ContainerSpec, EgressPolicy, EndpointSpec, ExposedPort, UpdateSpec } from "../api/index.ts";
import { collect } from "./command-options.ts";
import { parseEndpoint, toEndpoints } from "./endpoint-options.ts";
import { rateParser } from "./parse-rate.ts";
import { parseExposed, parsePublished, publishAll } from "./port-options.ts";
import { UsageError } from "./usage-error.ts";

/** What of it may change while a container lives, as commander parses it. */
export interface TrafficOptions {
  egress?: EgressPolicy;
  rateIn?: number;
  rateOut?: number;
}

/** Options as commander parses them. */
export interface JoinOptions extends TrafficOptions {
  network?: string[];
  net?: string[];
  ip?: string;
  ip6?: string;
  mac?: string;
  macAddress?: string;
  networkAlias?: string[];
  netAlias?: string[];
  publish?: string[];
  publishAll?: boolean;
  expose?: string[];
}

/** Options of docker that have no meaning here. */
const REFUSED: [flags: string, why: string, remedy: string][] = [
  ["--link <container>", "containers of one network know each other by name", "--network-alias NAME on the other one"],
  ["--link-local-ip <address>", "netd gives no link-local addresses", "leave it out"],
];

/** Add the options. */
export function addJoinOptions(command: Command): Command {
  command
    .option("--network <network>", "a network to join, and again for eth1; or none, host, container:NAME", collect)
    .option("--ip <address>", "its address in the first network")
    .option("--ip6 <address>", "its IPv6 address there")
    .option("--mac-address <mac>", "its MAC there (default: made from the address); --mac for short")
    .option("--network-alias <name>", "a further name there", collect)
    .option(
      "-p, --publish <[address:][host:]port>",
      "open a port at 127.0.0.1, for this host only; 0.0.0.0:8080:80 opens it to the world",
      collect,
    )
    .option("-P, --publish-all", "open all exposed ports at 127.0.0.1, at free ports")
    .option("--expose <port>", "a port that it listens on, for ps and -P", collect);
  addTrafficOptions(command)
    .addOption(new Option("--net <network>").argParser(collect).hideHelp())
    .addOption(new Option("--net-alias <name>").argParser(collect).hideHelp())
    .addOption(new Option("--mac <mac>").hideHelp());
  for (const [flags, why, remedy] of REFUSED) {
    const refuse = (): never => {
      throw new UsageError(`Cannot take ${flags.split(" ")[0]}: ${why}`, remedy);
    };
    command.addOption(new Option(flags).argParser(refuse).hideHelp());
  }
  return command;
}

/** Add the options that `update` has, too. */
export function addTrafficOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--egress <where>",
        "whom it may open connections to; internal: its own networks (default: all)",
      ).choices(["all", "internal", "none"]),
    )
    .option(
      "--rate-in <rate>",
      "limit of what it receives, in the units of tc: 10mbit (default: none)",
      rateParser("--rate-in"),
    )
    .option("--rate-out <rate>", "limit of what it sends (default: none)", rateParser("--rate-out"));
}

/** The part of an update that the options make. */
export function toTrafficChange({ egress, rateIn, rateOut }: TrafficOptions): UpdateSpec {
  return {
    ...(egress === undefined ? {} : { egress }),
    ...(rateIn === undefined ? {} : { rateInBps: rateIn }),
    ...(rateOut === undefined ? {} : { rateOutBps: rateOut }),
  };
}

/**
 * The part of a specification that the options make, but for what `-P` adds.
 *
 * @throws {UsageError}
 */
export function toJoinSpec(options: JoinOptions): Partial<ContainerSpec> {
  const { egress, rateIn, rateOut } = options;
  const published = options.publish?.map(parsePublished) ?? [];
  const exposed = options.expose?.map(parseExposed);
  return {
    ...toNetworks(options),
    ...(published.length === 0 ? {} : { ports: published }),
    ...(exposed === undefined ? {} : { exposedPorts: [...new Set(exposed)] }),
    ...(egress === undefined ? {} : { egress }),
    ...(rateIn ? { rateInBps: rateIn } : {}),
    ...(rateOut ? { rateOutBps: rateOut } : {}),
  };
}

/** Add the ports of `-P`: those that the image exposes, and those of `--expose`. @throws {UsageError} when there are none */
export function withAllPublished(spec: ContainerSpec, ofImage: ExposedPort[]): ContainerSpec {
  const exposed = [...ofImage, ...(spec.exposedPorts ?? [])];
  if (exposed.length === 0) {
    throw new UsageError(
      `Cannot publish all ports of image '${spec.image}': it exposes none, and --expose was not given`,
      "-p 8080:80, or --expose 80 -P",
    );
  }
  return { ...spec, ports: [...(spec.ports ?? []), ...publishAll(exposed, spec.ports ?? [])] };
}

function toNetworks(options: JoinOptions): Partial<ContainerSpec> {
  const { ip, ip6, networkAlias, netAlias } = options;
  const mac = options.macAddress ?? options.mac;
  const [first, ...others] = toEndpoints([...(options.network ?? []), ...(options.net ?? [])].map(parseEndpoint));
  // The first one has the default route unless another asks for it.
  const { network, defaultRoute: _isDefault, ...wishes }: Partial<EndpointSpec> = first ?? {};
  checkOnce("--ip", ip, wishes.ip);
  checkOnce("--ip6", ip6, wishes.ip6);
  checkOnce("--mac-address", mac, wishes.mac);
  const aliases = [...(wishes.aliases ?? []), ...(networkAlias ?? []), ...(netAlias ?? [])];
  return {
    ...(network === undefined ? {} : { network }),
    ...wishes,
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(mac === undefined ? {} : { mac }),
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(others.length === 0 ? {} : { networks: others }),
  };
}

function checkOnce(option: string, own: string | undefined, inNetwork: string | undefined): void {
  if (own === undefined || inNetwork === undefined) return;
  throw new UsageError(
    `Cannot take ${option} '${own}': --network says '${inNetwork}' already, one of the two wanted`,
    `leave ${option} out`,
  );
}
