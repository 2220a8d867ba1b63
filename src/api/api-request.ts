/**
 * What goes into a request of the API, and comes out of an answer.
 *
 * @module
 */
import { type ErrorDocument, NetdError, parseError } from "../errors.ts";
import type { HttpResponse } from "./http-exchange.ts";

/** Query parameters; `undefined` and `false` are left out, `true` is sent as 1. */
export type ApiQuery = Record<string, string | number | boolean | string[] | undefined>;

/** What a request carries besides its method and path. */
export interface ApiRequestOptions {
  query?: ApiQuery;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, chunked. */
  upload?: AsyncIterable<Buffer>;
}

/** Format query parameters, with their question mark. */
export function formatQuery(query: ApiQuery): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false) continue;
    for (const each of Array.isArray(value) ? value : [value])
      parameters.append(name, each === true ? "1" : String(each));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Read the whole body. */
export async function readText(response: HttpResponse): Promise<string> {
  const parts: Buffer[] = [];
  for await (const bytes of response.body) parts.push(bytes);
  return Buffer.concat(parts).toString();
}

/** Make the error that an answer carries. */
export async function readError(response: HttpResponse): Promise<NetdError> {
  const text = await readText(response);
  try {
    const document = JSON.parse(text) as ErrorDocument;
    if (typeof document.code === "string" && typeof document.message === "string") return parseError(document);
  } catch {
    // Not JSON: said below.
  }
  return new NetdError(
    "INTERNAL",
    `Cannot read netd's error: it answered ${response.status} with '${text.slice(0, 200)}'`,
  );
}
