/**
 * Where failures are told: standard error, or the file that --log names, in the form that --log-format names.
 *
 * Source: the formats of github.com/sirupsen/logrus, which the callers of runc read.
 *
 * @module
 */
import { appendFileSync, writeSync } from "node:fs";

/** Where and how. */
export interface ReporterOptions {
  /** Absent: standard error. */
  logFile?: string;
  format: "text" | "json";
  isDebug: boolean;
}

/** Tells what happens. */
export class Reporter {
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Tell why the command failed: on standard error, and in the log. */
  readonly failure = (error: unknown): void => {
    const message = describe(error);
    const { logFile, format } = this.#options;
    if (logFile !== undefined || format === "json") this.#log("error", message);
    if (logFile !== undefined || format === "text") writeLine(`netd-runtime: ${message}`);
  };

  /** Tell of something that went wrong and is no failure. */
  readonly warn = (message: string): void => {
    this.#log("warning", message);
  };

  /** Tell what is done, when --debug asked for it. */
  readonly debug = (message: string): void => {
    if (this.#options.isDebug) this.#log("debug", message);
  };

  #log(level: string, message: string): void {
    const { logFile, format } = this.#options;
    const time = new Date().toISOString();
    const line =
      format === "json"
        ? JSON.stringify({ level, msg: message, time })
        : `time=${JSON.stringify(time)} level=${level} msg=${JSON.stringify(message)}`;
    if (logFile === undefined) writeLine(line);
    else appendFileSync(logFile, `${line}\n`, { mode: 0o644 });
  }
}

/** One line with message and remedy. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // Not by its class: each half of the program has its own.
  const { remedy } = error as { remedy?: string };
  // Those of the daemon may name a flag of netctl.
  const advice = remedy === undefined || remedy.includes("'--show'") ? "" : `; try: ${remedy}`;
  return `${message}${formatGoWords(error)}${advice}`.replaceAll("\n", " ");
}

/** Engines tell a missing program from a forbidden one by the words of Go's library (docker: daemon/errors.go; podman: libpod/oci_util.go). */
function formatGoWords(error: unknown): string {
  const { code, message = "" } = error as { code?: string; message?: string };
  const [, name = ""] = /^Cannot run "([^"]*)"/.exec(message) ?? [];
  if (code === "COMMAND_NOT_FOUND") {
    return `: exec: "${name}": ${name.includes("/") ? "no such file or directory" : "executable file not found in $PATH"}`;
  }
  if (code !== "COMMAND_NOT_EXECUTABLE" || /permission denied|is a directory/.test(message)) return "";
  return `: exec: "${name}": exec format error`;
}

function writeLine(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody reads it.
  }
}
