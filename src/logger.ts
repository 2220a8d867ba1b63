/**
 * The one way to log: structured lines by pino.
 *
 * @module
 */
import { type Logger, pino } from "pino";

export type { Logger };

/** What {@link createLogger} needs to know. */
export interface CreateLoggerOptions {
  /** Least level that is written: `debug`, `info`, `warn`, `error` or `silent`. */
  level: string;
}

/** Create a logger that writes JSON lines to standard error, synchronously, so that a crash loses none. */
export function createLogger(name: string, options: CreateLoggerOptions): Logger {
  return pino(
    { name, level: options.level, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}
