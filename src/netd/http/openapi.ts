/**
 * The OpenAPI description, collected from the routes as they are registered.
 *
 * @module
 */
import type { FastifyInstance, RouteOptions } from "fastify";

declare const NETD_VERSION: string;

declare module "fastify" {
  interface FastifySchema {
    /** One line for the OpenAPI description. */
    summary?: string;
  }
}

interface Operation {
  summary: string;
  parameters: object[];
  requestBody?: object;
  responses: Record<string, object>;
}

/** Serve `GET /v1/openapi.json`, with every route that is registered after this call. */
export function collectOpenApi(server: FastifyInstance): void {
  const paths: Record<string, Record<string, Operation>> = {};
  server.addHook("onRoute", (route) => {
    const path = route.url.replaceAll(/:(\w+)/g, "{$1}");
    for (const method of [route.method].flat()) {
      if (method !== "HEAD") paths[path] = { ...paths[path], [method.toLowerCase()]: describe(route) };
    }
  });
  const info = {
    title: "netd",
    version: NETD_VERSION,
    description: "Container networking on one Linux host, on a unix socket",
  };
  server.get("/v1/openapi.json", { schema: { summary: "This document" } }, () => ({
    openapi: "3.1.0",
    info,
    paths,
  }));
}

function describe(route: RouteOptions): Operation {
  const schema = (route.schema ?? {}) as {
    summary?: string;
    body?: object;
    params?: { properties?: Record<string, object> };
    querystring?: { properties?: Record<string, object> };
    response?: Record<string, object>;
  };
  const inPath = [...route.url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(schema.querystring?.properties ?? {}).map(([name, type]) => ({
    name,
    in: "query",
    schema: type,
  }));
  const content = (type: object) => ({ "application/json": { schema: type } });
  return {
    summary: schema.summary ?? "",
    parameters: [...inPath, ...inQuery],
    ...(schema.body === undefined ? {} : { requestBody: { content: content(schema.body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(schema.response ?? {}).map(([status, type]) => [
          status,
          { description: "", content: content(type) },
        ]),
      ),
      default: {
        description: "an error",
        content: content({
          type: "object",
          required: ["code", "message"],
          properties: { code: { type: "string" }, message: { type: "string" }, remedy: { type: "string" } },
        }),
      },
    },
  };
}
