/**
 * Puts off the compiling of schemas: that of all of them at once would be the larger part of the time that netd takes to start.
 *
 * @module
 */
import type { FastifyServerOptions } from "fastify";

type Ajv = Parameters<NonNullable<NonNullable<FastifyServerOptions["ajv"]>["onCreate"]>>[0];
type Compile = Ajv["compile"];

/** Have a checker of requests compile its schema when it is asked for the first time. */
export function compileOnFirstUse(ajv: Ajv): void {
  const compile = ajv.compile.bind(ajv) as Compile;
  const compileLater = (schema: Parameters<Compile>[0]): ReturnType<Compile> => {
    let compiled: ReturnType<Compile> | undefined;
    const check = (data: unknown): boolean => {
      compiled ??= compile(schema);
      const isValid = compiled(data) as boolean;
      checker.errors = compiled.errors ?? null;
      return isValid;
    };
    const checker = check as ReturnType<Compile>;
    return checker;
  };
  ajv.compile = compileLater as Compile;
}
