/** One entry, with the fields of a tar header; what is absent is plausible. */
export interface TarEntry {
  name: string;
  /** Type letter of the header: "0" file, "1" hard link, "2" symbolic link, "3" and "4" devices, "5" directory, "6" FIFO. */
  type?: string;
  linkname?: string;
  content?: string | Buffer;
  /** Size field, when it shall not tell the truth. */
  size?: number;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  device?: [major: number, minor: number];
}

const BLOCK = 512;

/** Build a tar byte by byte, with nothing checked: also archives that no honest program writes. */
export function formatTar(entries: TarEntry[], endBlocks = 2): Buffer {
  return Buffer.concat([...entries.flatMap(formatEntry), Buffer.alloc(endBlocks * BLOCK)]);
}

/** An extended header (pax) for the entry that follows it. */
export function paxEntry(records: Record<string, string>): TarEntry {
  const content = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest) + 1;
    while (Buffer.byteLength(`${length}${rest}`) !== length) length += 1;
    return `${length}${rest}`;
  });
  return { name: "pax", type: "x", content: content.join("") };
}

function formatEntry(entry: TarEntry): Buffer[] {
  const content = Buffer.from(entry.content ?? "");
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  header.write(entry.name, 0, 100);
  octal(entry.mode ?? 0o644, 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(entry.size ?? content.length, 124, 12);
  octal(entry.mtime ?? 1_000_000_000, 136, 12);
  header.write("        ", 148);
  header.write(entry.type ?? "0", 156);
  header.write(entry.linkname ?? "", 157, 100);
  header.write("ustar\x0000", 257, "latin1");
  octal(entry.device?.[0] ?? 0, 329, 8);
  octal(entry.device?.[1] ?? 0, 337, 8);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return [header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
}
