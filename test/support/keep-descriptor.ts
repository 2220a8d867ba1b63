/**
 * A program that keeps a descriptor of another process, as netd does: prints its own pid and the number it has there.
 *
 * @module
 */
import { takeDescriptor } from "../../src/kernel/process/index.ts";

const [pid, fd] = process.argv.slice(2).map(Number);
process.stdout.write(`${process.pid} ${takeDescriptor(pid!, fd!)}\n`); // the test gives both
setInterval(() => {}, 1000);
