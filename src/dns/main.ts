/**
 * netd-dns: the process that answers names on every bridge. It knows what netd tells it and goes on when netd is gone.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { formatError } from "../errors.ts";
import { openControlServer } from "./control-server.ts";
import { Forwarder } from "./forwarder.ts";
import { ResolvConf } from "./resolv-conf.ts";
import { Resolver } from "./resolver.ts";

declare const NETD_VERSION: string | undefined;

const VERSION = typeof NETD_VERSION === "string" ? NETD_VERSION : "0.0.0";

const USAGE = `Usage: netd-dns serve --socket PATH [--resolv-conf FILE]

Answers the names of containers on their bridges and forwards the rest to the host's upstreams. netd starts it.

  --socket PATH       unix socket for netd
  --resolv-conf FILE  where the host's upstreams stand (/etc/resolv.conf); followed when it changes
  --version, --help
`;

/** Run until a signal or a `shutdown`. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      socket: { type: "string" },
      "resolv-conf": { type: "string", default: "/etc/resolv.conf" },
      version: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true || values.version === true) {
    process.stdout.write(values.help === true ? USAGE : `netd-dns ${VERSION}\n`);
    return;
  }
  if (positionals.join() !== "serve" || values.socket === undefined)
    throw new TypeError("'serve --socket PATH' wanted");
  const resolvConf = new ResolvConf(values["resolv-conf"]);
  const resolver = new Resolver({ hostUpstreams: () => resolvConf.servers(), forwarder: new Forwarder() });
  const server = await openControlServer(values.socket, { resolver, version: VERSION, onShutdown: () => void stop() });
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
  // Whoever started us may stop reading after this line.
  process.stdout.on("error", () => {});
  process.stdout.write(`netd-dns ${VERSION} listens on ${values.socket}\n`);

  async function stop(): Promise<void> {
    server.close();
    await resolver[Symbol.asyncDispose]();
    process.exit(0);
  }
}

main().catch((error: unknown) => {
  if (error instanceof TypeError) {
    process.stderr.write(`netd-dns: ${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
  process.stderr.write(`netd-dns: ${formatError(error).message}\n`);
  process.exit(1);
});
