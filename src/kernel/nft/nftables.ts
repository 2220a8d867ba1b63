/**
 * nftables through libnftables(3): nft's own text or JSON, one atomic transaction for each call, no process.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { withNetns } from "../netns/netns.ts";
import { type LibNftables, loadLibNftables, type NftContext } from "./libnftables.ts";

// nftables/libnftables.h
const NFT_CTX_DEFAULT = 0;
const NFT_CTX_OUTPUT_JSON = 1 << 4;
const NFT_CTX_OUTPUT_TERSE = 1 << 11;

/** What an nftables table is called: `inet`, `netd`. */
export interface NftTableName {
  family: "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev";
  name: string;
}

/** A context of libnftables that stays in the network namespace where it was opened. Disposing frees it. */
export class Nftables implements Disposable {
  readonly #library: LibNftables;
  #context: NftContext | undefined;

  private constructor(library: LibNftables, context: NftContext) {
    this.#library = library;
    this.#context = context;
  }

  /**
   * Open a context in a network namespace, by default the thread's own.
   *
   * @throws {NetdError} KERNEL_FEATURE_MISSING when libnftables is not installed
   */
  static open(netns?: string): Nftables {
    const library = loadOrExplain();
    const context = withNetns(netns, () => library.newContext(NFT_CTX_DEFAULT));
    if (context === null)
      throw new NetdError("NFT_FAILED", "Cannot open nftables: libnftables made no context, one wanted");
    library.bufferOutput(context);
    library.bufferError(context);
    return new Nftables(library, context);
  }

  /** Run commands as nft(8) takes them, all or nothing, and return what they print. @throws {NetdError} NFT_FAILED */
  run(commands: string): string {
    return this.#run(commands, 0);
  }

  /** Run a JSON document (libnftables-json(5)), all or nothing, and return the document it answers. @throws {NetdError} NFT_FAILED */
  runJson(document: object): NftJson {
    return parseAnswer(this.#run(JSON.stringify(document), NFT_CTX_OUTPUT_JSON));
  }

  /** Run text commands such as `list ruleset` and return their output as JSON. @throws {NetdError} NFT_FAILED */
  list(commands: string): NftJson {
    return parseAnswer(this.#run(commands, NFT_CTX_OUTPUT_JSON));
  }

  /** The text of a table as `nft list table` prints it, or undefined when there is none. @throws {NetdError} NFT_FAILED */
  tableText({ family, name }: NftTableName): string | undefined {
    return this.#hasTable({ family, name }) ? this.run(`list table ${family} ${name}`) : undefined;
  }

  /** The text of a table without the elements of its sets, or undefined when there is none. @throws {NetdError} NFT_FAILED */
  tableOutline({ family, name }: NftTableName): string | undefined {
    return this.#hasTable({ family, name })
      ? this.#run(`list table ${family} ${name}`, NFT_CTX_OUTPUT_TERSE)
      : undefined;
  }

  /** Free the context; doing so twice is harmless. */
  close(): void {
    if (this.#context !== undefined) this.#library.freeContext(this.#context);
    this.#context = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #hasTable({ family, name }: NftTableName): boolean {
    const { nftables } = this.list(`list tables ${family}`);
    return nftables.some(({ table }) => (table as NftTableName | undefined)?.name === name);
  }

  #run(commands: string, flags: number): string {
    const context = this.#context;
    if (context === undefined) throw new Error("nftables context used after close");
    this.#library.setOutputFlags(context, flags);
    const status = this.#library.run(context, commands);
    // Both are read each time: reading empties them for the next call.
    const output = this.#library.outputBuffer(context);
    const error = this.#library.errorBuffer(context);
    if (status === 0) return output;
    throw new NetdError("NFT_FAILED", `Cannot change or list nftables: ${firstLines(error)}`, {
      remedy: "See 'nft list ruleset'; a rule that the kernel can't hold needs a newer kernel or its nft modules",
    });
  }
}

/** A document of libnftables-json(5): each element has one key that says what it is. */
export interface NftJson {
  nftables: Record<string, unknown>[];
}

function parseAnswer(text: string): NftJson {
  return text === "" ? { nftables: [] } : (JSON.parse(text) as NftJson);
}

/** The library's message without the copy of the input that it adds. */
function firstLines(error: string): string {
  const lines = error
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /error/i.test(line));
  return (lines.length > 0 ? lines.join("; ") : error.trim()) || "it gave no reason";
}

function loadOrExplain(): LibNftables {
  try {
    return loadLibNftables();
  } catch (cause) {
    throw new NetdError(
      "KERNEL_FEATURE_MISSING",
      "Cannot use nftables: libnftables.so.1 is not installed, version 1.0 wanted",
      {
        remedy: "Install it with 'apt-get install libnftables1', or 'npm run setup'",
        cause,
      },
    );
  }
}
