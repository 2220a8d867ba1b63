/**
 * The host's upstreams, read from its resolv.conf again whenever that file is another.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";

/** Parse the upstream addresses out of resolv.conf(5), in order, without repetition. What is no address is passed over. */
export function parseNameservers(text: string): string[] {
  const servers = text.split("\n").flatMap((line) => {
    const [keyword, value = ""] = line.trim().split(/\s+/);
    const [address = ""] = value.split("%");
    return keyword === "nameserver" && isIP(address) !== 0 ? [value] : [];
  });
  return [...new Set(servers)];
}

/** Whether an upstream is systemd-resolved's stub, which knows less than the file it is made from (systemd-resolved.service(8)). */
export function isStub(server: string): boolean {
  return server === "127.0.0.53" || server === "127.0.0.54";
}

/** What {@link ResolvConf} may be told for tests. */
export interface ResolvConfOptions {
  /** systemd-resolved's file with the real upstreams. */
  behindStub?: string;
}

/** Upstreams of the host as they are now. Looks at the file's identity at each question, which costs microseconds and needs no watch. */
export class ResolvConf {
  readonly #path: string;
  readonly #behindStub: string;
  #seen = "";
  #servers: string[] = [];

  constructor(path: string, options: ResolvConfOptions = {}) {
    this.#path = path;
    this.#behindStub = options.behindStub ?? "/run/systemd/resolve/resolv.conf";
  }

  /** The upstreams now. While the file is missing, as in the middle of its replacement, those from before. */
  servers(): readonly string[] {
    const identity = `${identify(this.#path)} ${identify(this.#behindStub)}`;
    if (identity !== this.#seen) {
      this.#servers = this.#read() ?? this.#servers;
      this.#seen = identity;
    }
    return this.#servers;
  }

  #read(): string[] | undefined {
    const servers = readServers(this.#path);
    if (servers === undefined || servers.length === 0 || !servers.every(isStub)) return servers;
    const behind = readServers(this.#behindStub);
    return behind === undefined || behind.length === 0 ? servers : behind;
  }
}

function readServers(path: string): string[] | undefined {
  try {
    return parseNameservers(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Text that differs whenever the file was replaced or written. */
function identify(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}
