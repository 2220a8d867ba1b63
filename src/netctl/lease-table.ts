/**
 * Leases printed as they arrive: a hundred thousand of them take no more memory than a few.
 *
 * @module
 */
import { once } from "node:events";
import type { LeaseInfo } from "../api/index.ts";
import { formatTime } from "./age.ts";
import type { NetctlContext } from "./context.ts";
import { statePaint } from "./output.ts";
import { columnWidths, formatTable } from "./table.ts";

const HEADINGS = ["ADDRESS", "MAC", "CONTAINER", "NETWORK", "HOST IF", "STATE", "SINCE"];

/** Rows that are formatted at once; the columns of the first ones stay as they are for all. */
const BATCH_ROWS = 500;

/** Print leases as a table. */
export async function printLeaseTable(leases: AsyncIterable<LeaseInfo>, context: NetctlContext): Promise<void> {
  let widths: number[] | undefined;
  for await (const batch of inBatches(leases)) {
    const rows = batch.map((lease) => [
      lease.address,
      lease.mac || "-",
      lease.container,
      lease.network,
      lease.hostInterface || "-",
      lease.state,
      formatTime(lease.since),
    ]);
    const isFirst = widths === undefined;
    widths ??= columnWidths(HEADINGS, rows);
    const text = formatTable(HEADINGS, rows, statePaint(context), widths);
    await write(isFirst ? text : text.slice(text.indexOf("\n") + 1), context);
  }
}

/** Print leases as one JSON array, as `JSON.stringify` would indent it. */
export async function printLeaseJson(leases: AsyncIterable<LeaseInfo>, context: NetctlContext): Promise<void> {
  let isFirst = true;
  for await (const batch of inBatches(leases)) {
    if (batch.length === 0) break;
    const elements = batch.map((lease) => JSON.stringify(lease, undefined, 2).replaceAll("\n", "\n  "));
    await write(`${isFirst ? "[\n  " : ",\n  "}${elements.join(",\n  ")}`, context);
    isFirst = false;
  }
  await write(isFirst ? "[]\n" : "\n]\n", context);
}

/** Batches of at most {@link BATCH_ROWS}; an empty one when there is nothing at all. */
async function* inBatches(leases: AsyncIterable<LeaseInfo>): AsyncGenerator<LeaseInfo[], void> {
  let batch: LeaseInfo[] = [];
  let isEmpty = true;
  for await (const lease of leases) {
    isEmpty = false;
    batch.push(lease);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (isEmpty || batch.length > 0) yield batch;
}

async function write(text: string, { stdout }: NetctlContext): Promise<void> {
  stdout.write(text);
  if (stdout.writableNeedDrain) await once(stdout, "drain");
}
