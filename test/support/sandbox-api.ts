import { request } from "node:http";
import { RUN_DIR } from "../../src/sandbox/mounts.ts";
import type { TestSandbox } from "./sandbox.ts";

/** What netd answered. */
export interface ApiAnswer {
  status: number;
  body: unknown;
}

/** Ask the netd of a sandbox by its API, without a program in between. */
export async function askApi(sandbox: TestSandbox, method: string, path: string, body?: object): Promise<ApiAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ method, path, socketPath: `/proc/${sandbox.pid}/root${RUN_DIR}/netd.sock` },
        ...(text === undefined ? {} : { headers: { "content-type": "application/json" } }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const received = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode ?? 0, body: received === "" ? null : JSON.parse(received) });
        });
      },
    );
    sent.on("error", reject);
    sent.end(text);
  });
}

/** As {@link askApi}, and fail unless netd did it. */
export async function useApi<T>(sandbox: TestSandbox, method: string, path: string, body?: object): Promise<T> {
  const answer = await askApi(sandbox, method, path, body);
  if (answer.status < 300) return answer.body as T;
  throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
}
