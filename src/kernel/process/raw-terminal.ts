/**
 * Settings of the terminal that we run in, while another one is shown there.
 *
 * Source: termios(3), ioctl_tty(2), asm-generic/termbits.h.
 *
 * @module
 */
import { check } from "../errno.ts";
import { ioctl } from "../libc.ts";

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TIOCGWINSZ = 0x5413;
/** struct termios of the kernel: four words of flags, a line discipline and 19 characters, with room to spare. */
const TERMIOS_BYTES = 64;
const OFFSET = { input: 0, output: 4, control: 8, local: 12, characters: 17 } as const;
// What cfmakeraw(3) clears: IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON; OPOST; ECHO ECHONL ICANON ISIG IEXTEN; CSIZE PARENB.
const RAW_INPUT = 0o2753;
const OPOST = 0o1;
const RAW_LOCAL = 0o100113;
const CHARACTER_SIZE_AND_PARITY = 0o460;
const CS8 = 0o60;
/** Places of VTIME and VMIN. */
const VTIME = 5;
const VMIN = 6;

/** Hand every key on as it is (cfmakeraw(3)). Returns what puts the old settings back. */
export function setRawTerminal(fd: number): () => void {
  const old = Buffer.alloc(TERMIOS_BYTES);
  check(ioctl(fd, TCGETS, old), () => `ioctl(${fd}, TCGETS)`);
  const raw = Buffer.from(old);
  clear(raw, OFFSET.input, RAW_INPUT);
  clear(raw, OFFSET.output, OPOST);
  clear(raw, OFFSET.local, RAW_LOCAL);
  clear(raw, OFFSET.control, CHARACTER_SIZE_AND_PARITY);
  raw.writeUInt32LE((raw.readUInt32LE(OFFSET.control) | CS8) >>> 0, OFFSET.control);
  raw[OFFSET.characters + VTIME] = 0;
  raw[OFFSET.characters + VMIN] = 1;
  check(ioctl(fd, TCSETS, raw), () => `ioctl(${fd}, TCSETS)`);
  return () => {
    ioctl(fd, TCSETS, old);
  };
}

/** Read the size of a terminal, in characters; undefined when it is none, or does not know. */
export function readTerminalSize(fd: number): { rows: number; columns: number } | undefined {
  const size = Buffer.alloc(8);
  if (ioctl(fd, TIOCGWINSZ, size) < 0) return undefined;
  const rows = size.readUInt16LE(0);
  const columns = size.readUInt16LE(2);
  return rows > 0 && columns > 0 ? { rows, columns } : undefined;
}

function clear(settings: Buffer, at: number, bits: number): void {
  settings.writeUInt32LE((settings.readUInt32LE(at) & ~bits) >>> 0, at);
}
