/**
 * Owns the command line that people type: parsing, tables, terminals, exit codes. Never touches Linux beyond its own terminal and
 * never decides: netd does.
 *
 * @module
 */
export { createProgram, type NetctlContext } from "./program.ts";
