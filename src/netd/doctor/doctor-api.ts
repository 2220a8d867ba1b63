/**
 * What the API can ask about the health of the host's network.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { DoctorFinding } from "../../api/index.ts";
import { hasSysctl, listNeighbours, listNeighbourTables, readSysctl, teardownSteps } from "../../kernel/index.ts";
import { cgroupParent, type DaemonContext } from "../context.ts";
import { describeBlock } from "../foreign/find-blocks.ts";
import { foreignBlocks } from "../foreign/foreign-blocks.ts";
import { findUplink } from "../kernel-facts.ts";
import type { NetworkRow } from "../network/network-row.ts";
import { forgetLostState, isStateLost } from "../reconcile/lost-state.ts";
import { readFacts } from "../reconcile/read-facts.ts";
import { DOCTOR_SYSCTLS, type DoctorFacts, diagnose, type Finding } from "./diagnose.ts";
import { findCgroupLeftovers, findLinkLeftovers } from "./leftovers.ts";

/** Host program that the built-in image is made from. */
const BUSYBOX = "/bin/busybox";
const HEAD_BYTES = 4096;

/** Finds what is wrong, and mends what is ours. */
export class DoctorApi {
  readonly #context: DaemonContext;

  constructor(context: DaemonContext) {
    this.#context = context;
  }

  /** Tell what is wrong, the worst first. */
  find(): DoctorFinding[] {
    return this.#diagnose().map(show);
  }

  /** Mend what is ours, and tell what is wrong then. What can't be mended is in the log, and among the findings. */
  async repair(): Promise<DoctorFinding[]> {
    const { reconciler, journal, session, logger } = this.#context;
    reconciler.heal({ rules: true, inside: true });
    const steps = this.#diagnose().flatMap((finding) => finding.steps);
    for (const failure of teardownSteps(steps, { journal: journal.note, session })) {
      logger.error({ err: failure }, "cannot mend what doctor found");
    }
    journal.flush();
    await this.#endLost();
    return this.find();
  }

  /** Forget containers of a state that was lost: they have ended with their cgroups. */
  async #endLost(): Promise<void> {
    const { store, runtime, containers } = this.#context;
    if (!isStateLost(store)) return;
    const client = await runtime.client();
    const { containers: records } = await client.call("hello", {});
    for (const { containerId } of records) {
      if (containers.byId(containerId) === undefined) await client.call("remove", { containerId });
    }
    forgetLostState(store);
  }

  #diagnose(): Finding[] {
    return diagnose(this.#facts());
  }

  #facts(): DoctorFacts {
    const { networks, containers, reconciler, session, instance, ipam, uplink } = this.#context;
    const failures: string[] = [];
    const attempt = <T>(what: string, ask: () => T, otherwise: T): T => {
      try {
        return ask();
      } catch (error) {
        failures.push(`Cannot tell ${what}: ${error instanceof Error ? error.message : String(error)}`);
        return otherwise;
      }
    };
    const { links } = readFacts(session, { sysctls: [], isolatedBridges: [], namespaces: [] });
    const rows = [...networks];
    const containerIds = new Set([...containers].map(({ row }) => row.id));
    const bridges = new Set(rows.map(({ bridge }) => bridge));
    const way = findUplink();
    const portsOf = ({ bridge }: NetworkRow): number => {
      const index = links.get(bridge)?.index;
      return [...links.values()].filter(({ master }) => master !== undefined && master === index).length;
    };
    const parent = cgroupParent(instance);
    const directories = session.cgroups.directories(parent);
    const neighbours = listNeighbours(session.rtnetlink());
    return {
      networks: rows.map((row) => ({
        row,
        ports: portsOf(row),
        mtu: row.mtu ?? uplink.mtu,
        usage: row.subnet === undefined ? { total: 0, used: 0 } : ipam.usage(row.name),
      })),
      drift: attempt("what was changed", () => reconciler.look({ rules: true, inside: true }), []),
      leftovers: [
        ...findLinkLeftovers(links.values(), { instance, containerIds, bridges }),
        ...findCgroupLeftovers(directories, parent, containerIds),
      ],
      blocks: attempt(
        "what rules of others do",
        () => foreignBlocks(this.#context).map((block) => ({ text: describeBlock(block), remedy: block.remedy })),
        [],
      ),
      uplink: way === undefined ? undefined : { name: way.name, mtu: way.mtu },
      neighbours: listNeighbourTables(session.rtnetlink()).map(({ name, limit }) => ({
        name,
        limit,
        used: neighbours.filter(({ address }) => address.includes(":") === (name === "ndisc_cache")).length,
      })),
      sysctls: new Map(DOCTOR_SYSCTLS.flatMap((key) => (hasSysctl(key) ? [[key, readSysctl(key)]] : []))),
      busybox: attempt("what /bin/busybox is", () => readBusybox(BUSYBOX), "missing"),
      failures,
    };
  }
}

function show({ steps: _steps, ...finding }: Finding): DoctorFinding {
  return finding;
}

/** Whether a program is static: an ELF file without an interpreter (elf(5), PT_INTERP). */
export function readBusybox(path: string): "static" | "dynamic" | "missing" {
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    const fd = openSync(path, "r");
    try {
      readSync(fd, head, 0, HEAD_BYTES, 0);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "missing";
    throw error;
  }
  return hasInterpreter(head) ? "dynamic" : "static";
}

/** e_phoff, e_phentsize, e_phnum of a 64-bit header, and p_type PT_INTERP. */
function hasInterpreter(head: Buffer): boolean {
  const offset = Number(head.readBigUInt64LE(0x20));
  const size = head.readUInt16LE(0x36);
  const count = head.readUInt16LE(0x38);
  for (let entry = 0; entry < count && offset + (entry + 1) * size <= head.length; entry++) {
    if (head.readUInt32LE(offset + entry * size) === 3) return true;
  }
  return false;
}
