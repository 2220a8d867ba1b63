/**
 * The values of `-v`, `--mount`, `--tmpfs` and `--device`, as docker takes them.
 *
 * @module
 */
import { resolve } from "node:path";
import type { DeviceSpec, MountSpec } from "../api/index.ts";
import { parseSize } from "./parse-size.ts";
import { UsageError } from "./usage-error.ts";

type Propagation = NonNullable<MountSpec["propagation"]>;

const PROPAGATIONS: readonly string[] = [
  "private",
  "rprivate",
  "slave",
  "rslave",
  "shared",
  "rshared",
] satisfies Propagation[];
/** Words of docker's that mean something elsewhere only: SELinux's labels, file sharing on macOS. */
const IGNORED_MODES: readonly string[] = ["z", "Z", "consistent", "cached", "delegated"];

/**
 * Parse `[SOURCE:]TARGET[:MODE,...]`. A source with a slash or a leading dot is a path, relative to `workdir`; another is the name of a volume.
 *
 * @throws {UsageError}
 */
export function parseVolume(text: string, workdir: string): MountSpec {
  const parts = text.split(":");
  const [first = "", second, modes, ...rest] = parts;
  if (rest.length > 0 || parts.some((part) => part === "")) throw volumeForm(text);
  if (second === undefined) return { type: "volume", target: checkTarget(first), readOnly: false };
  const isPath = first.startsWith("/") || first.startsWith(".") || first.includes("/");
  const mount: MountSpec = {
    ...(isPath
      ? { type: "bind" as const, source: resolve(workdir, first), createSource: true }
      : { type: "volume" as const, source: first }),
    target: checkTarget(second),
    readOnly: false,
  };
  for (const mode of modes?.split(",") ?? []) {
    if (mode === "ro" || mode === "rw") mount.readOnly = mode === "ro";
    else if (PROPAGATIONS.includes(mode) && isPath) mount.propagation = mode as Propagation;
    else if (mode === "nocopy" && !isPath) mount.noCopy = true;
    else if (!IGNORED_MODES.includes(mode)) throw volumeForm(text);
  }
  return mount;
}

/** Parse `type=bind|volume|tmpfs,source=...,target=...[,readonly]...`, a line of CSV. @throws {UsageError} */
export function parseMount(text: string, workdir: string): MountSpec {
  const fields = splitCsv(text).map((field) => {
    const cut = field.indexOf("=");
    return cut < 0 ? ([field, undefined] as const) : ([field.slice(0, cut), field.slice(cut + 1)] as const);
  });
  const type = fields.findLast(([key]) => key === "type")?.[1] ?? "volume";
  if (type !== "bind" && type !== "volume" && type !== "tmpfs") {
    throw mountForm(text, `type '${type}'`, "bind, volume or tmpfs");
  }
  const mount: MountSpec = { type, target: "", readOnly: false };
  for (const [key, value] of fields) setField(mount, { text, key: key.toLowerCase(), value, workdir });
  if (mount.target === "") throw mountForm(text, "no target", "target=PATH");
  if (type === "bind" && mount.source === undefined) throw mountForm(text, "no source", "source=PATH");
  return mount;
}

/** Parse `TARGET[:OPTION,...]`. @throws {UsageError} */
export function parseTmpfs(text: string): MountSpec {
  const cut = text.indexOf(":");
  const target = checkTarget(cut < 0 ? text : text.slice(0, cut));
  const options =
    cut < 0
      ? []
      : text
          .slice(cut + 1)
          .split(",")
          .filter((option) => option !== "");
  const readOnly = options.findLast((option) => option === "ro" || option === "rw") === "ro";
  const others = options.filter((option) => option !== "ro" && option !== "rw");
  for (const option of others) {
    if (TMPFS_OPTION.test(option)) continue;
    throw new UsageError(
      `Cannot mount a tmpfs with '${option}': an option of tmpfs wanted`,
      "--tmpfs /tmp:size=64m,exec",
    );
  }
  return { type: "tmpfs", target, readOnly, ...(others.length === 0 ? {} : { options: others }) };
}

/** Parse `HOST[:CONTAINER][:rwm]`. @throws {UsageError} */
export function parseDevice(text: string): DeviceSpec {
  const [source = "", second, third, ...rest] = text.split(":");
  const isAccess = (part: string | undefined) => part !== undefined && /^[rwm]{1,3}$/.test(part);
  const target = second === undefined || (third === undefined && isAccess(second)) ? source : second;
  const access = third ?? (target === source && isAccess(second) ? second : undefined) ?? "rwm";
  if (rest.length > 0 || !source.startsWith("/") || !target.startsWith("/") || !isAccess(access)) {
    throw new UsageError(
      `Cannot give device '${text}': HOST[:CONTAINER][:rwm] wanted`,
      "--device /dev/net/tun:/dev/net/tun:rw",
    );
  }
  return { source, target, access };
}

/** What tmpfs(5) takes, and the flags of a mount. */
const TMPFS_OPTION =
  /^(size|nr_blocks|nr_inodes|mode|uid|gid|mpol)=.+$|^(no)?(exec|suid|dev|atime|diratime|relatime|strictatime)$|^(sync|async|dirsync|defaults|remount|bind|rbind)$/;

interface MountField {
  text: string;
  key: string;
  value: string | undefined;
  workdir: string;
}

function setField(mount: MountSpec, field: MountField): void {
  const { text, key, value, workdir } = field;
  const wanted = (): string => {
    if (value !== undefined && value !== "") return value;
    throw mountForm(text, `'${key}' without a value`, `${key}=VALUE`);
  };
  switch (key) {
    case "type":
      return;
    case "source":
    case "src":
      mount.source = mount.type === "bind" ? resolve(workdir, wanted()) : wanted();
      return;
    case "target":
    case "destination":
    case "dst":
      mount.target = checkTarget(wanted());
      return;
    case "readonly":
    case "ro":
      mount.readOnly = parseBoolean(field);
      return;
    case "bind-propagation":
      requireType(mount, field, "bind");
      if (!PROPAGATIONS.includes(wanted())) throw mountForm(text, `propagation '${value}'`, PROPAGATIONS.join(", "));
      mount.propagation = wanted() as Propagation;
      return;
    case "bind-nonrecursive":
      requireType(mount, field, "bind");
      mount.nonRecursive = parseBoolean(field);
      return;
    case "bind-create-src":
      requireType(mount, field, "bind");
      mount.createSource = parseBoolean(field);
      return;
    case "volume-nocopy":
      requireType(mount, field, "volume");
      mount.noCopy = parseBoolean(field);
      return;
    case "tmpfs-size":
      requireType(mount, field, "tmpfs");
      mount.options = [
        ...(mount.options ?? []),
        `size=${parseSize(wanted(), "--mount type=tmpfs,target=/tmp,tmpfs-size=64m")}`,
      ];
      return;
    case "tmpfs-mode":
      requireType(mount, field, "tmpfs");
      if (!/^[0-7]{1,4}$/.test(wanted())) throw mountForm(text, `mode '${value}'`, "octal digits");
      mount.options = [...(mount.options ?? []), `mode=${wanted()}`];
      return;
    case "consistency":
      return;
    default:
      throw mountForm(
        text,
        `'${key}'`,
        "a field that netd knows: type, source, target, readonly, bind-propagation, volume-nocopy, tmpfs-size, tmpfs-mode",
      );
  }
}

function requireType({ type }: MountSpec, { text, key }: MountField, wanted: string): void {
  if (type !== wanted) throw mountForm(text, `'${key}' for type ${type}`, `type=${wanted}`);
}

function parseBoolean({ text, key, value }: MountField): boolean {
  if (value === undefined || value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw mountForm(text, `'${key}=${value}'`, "true or false");
}

/** Split a line of CSV: a field in double quotes may have commas. */
function splitCsv(text: string): string[] {
  return [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'),
  );
}

function checkTarget(target: string): string {
  if (target.startsWith("/")) return target;
  throw new UsageError(`Cannot mount on '${target}': it is relative, an absolute path wanted`, `-v SOURCE:/${target}`);
}

function volumeForm(text: string): UsageError {
  return new UsageError(
    `Cannot mount '${text}': [SOURCE:]TARGET[:ro|rw|nocopy|PROPAGATION] wanted`,
    "-v /srv/data:/data:ro, or -v data:/data for a volume",
  );
}

function mountForm(text: string, now: string, wanted: string): UsageError {
  return new UsageError(
    `Cannot mount '${text}': ${now}, ${wanted} wanted`,
    "--mount type=bind,source=/srv/data,target=/data,readonly",
  );
}
