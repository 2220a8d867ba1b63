/**
 * Steps that say who the process is and what it may: host name, limits, capabilities, user, umask, working directory.
 *
 * Source: capabilities(7), capset(2), credentials(7), linux/prctl.h, linux/capability.h.
 *
 * @module
 */
import { NetdError } from "../../errors.ts";
import { check, KernelError } from "../errno.ts";
import {
  capset,
  close,
  fchdir,
  lastErrno,
  prctl,
  setgid,
  setgroups,
  sethostname,
  setrlimit,
  setuid,
  umask,
} from "../libc.ts";
import { getcwd } from "../libc-process.ts";
import { shellCommand, shellQuote } from "../step/shell.ts";
import { CAPABILITIES, capabilityNumbers } from "./capability-names.ts";
import type { ProcessStepDefinition } from "./define-step.ts";
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from "./open-flags.ts";
import { makeDirectories, tryOpenInRoot } from "./root-path.ts";

/** Set the host name of the process's UTS namespace. */
export interface HostnameSetStep {
  op: "hostname.set";
  hostname: string;
}

/** Set one resource limit. */
export interface RlimitSetStep {
  op: "rlimit.set";
  /** `RLIMIT_NOFILE` and the like. */
  type: string;
  /** Digits where a number would not be exact; a negative or inexact number is "no limit". */
  soft: number | string;
  hard: number | string;
}

/** Drop everything from the bounding set but these. */
export interface CapabilitiesBoundStep {
  op: "capabilities.bound";
  bounding: string[];
}

/** Become this user, keeping permitted capabilities until {@link CapabilitiesSetStep}. */
export interface UserSetStep {
  op: "user.set";
  uid: number;
  gid: number;
  additionalGids: number[];
}

/** Set the four sets of the process itself. */
export interface CapabilitiesSetStep {
  op: "capabilities.set";
  effective: string[];
  permitted: string[];
  inheritable: string[];
  ambient: string[];
}

/** Never gain privileges by exec: set-user-id bits and file capabilities are ignored. */
export interface NoNewPrivilegesStep {
  op: "privileges.freeze";
}

/** Set the mask of new files' permission bits. */
export interface UmaskSetStep {
  op: "umask.set";
  mask: number;
}

/** Make the working directory when the image lacks it. */
export interface DirectoryMakeStep {
  op: "directory.make";
  root: string;
  path: string;
}

/** Go to the working directory; the root is the container's by now. */
export interface DirectoryEnterStep {
  op: "directory.enter";
  path: string;
}

/** asm-generic/resource.h; the same on x86 and ARM. */
const RLIMITS = (
  "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS " +
  "RLIMIT_LOCKS RLIMIT_SIGPENDING RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME"
).split(" ");
const PR_SET_DUMPABLE = 4;
const PR_SET_KEEPCAPS = 8;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
const EPERM = 1;
/** linux/limits.h. */
const PATH_MAX = 4096;
const EINVAL = 22;

/** Carries out {@link HostnameSetStep}. */
export const hostnameSet: ProcessStepDefinition<HostnameSetStep> = {
  walk({ hostname }) {
    check(sethostname(hostname, Buffer.byteLength(hostname)), () => `sethostname(${hostname})`);
  },
  toShell: ({ hostname }) => [`hostname ${shellQuote(hostname)}`],
};

/** Carries out {@link RlimitSetStep}. */
export const rlimitSet: ProcessStepDefinition<RlimitSetStep> = {
  wraps: true,
  walk({ type, soft, hard }) {
    const resource = RLIMITS.indexOf(type);
    if (resource < 0) {
      throw new NetdError("LAUNCH_FAILED", `Cannot set the limit "${type}": there is no such limit`, {
        remedy: "Use a name of setrlimit(2), such as RLIMIT_NOFILE",
      });
    }
    const limits = Buffer.alloc(16);
    limits.writeBigUInt64LE(limitOf(soft), 0);
    limits.writeBigUInt64LE(limitOf(hard), 8);
    if (setrlimit(resource, limits) >= 0) return;
    const errno = lastErrno();
    if (errno !== EPERM) throw new KernelError(`setrlimit(${type}, ${soft}, ${hard})`, errno);
    throw new NetdError(
      "LAUNCH_FAILED",
      `Cannot set the limit ${type} to ${hard}: the hard limit of the runtime is lower, and it lacks CAP_SYS_RESOURCE`,
      { remedy: "Ask for a lower limit, or start the runtime with a higher one" },
    );
  },
  toShell: ({ type, soft, hard }) => [`prlimit --${type.replace("RLIMIT_", "").toLowerCase()}=${soft}:${hard}`],
};

/** Carries out {@link CapabilitiesBoundStep}. Capabilities that this kernel does not know are ignored. */
export const capabilitiesBound: ProcessStepDefinition<CapabilitiesBoundStep> = {
  wraps: true,
  walk({ bounding }) {
    const keep = capabilityNumbers(bounding);
    for (let number = 0; number < 64; number++) {
      if (keep.has(number)) continue;
      if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) >= 0) continue;
      // Numbers behind the last one of this kernel.
      if (lastErrno() === EINVAL) return;
      throw new KernelError(`prctl(PR_CAPBSET_DROP, ${CAPABILITIES[number] ?? number})`, lastErrno());
    }
  },
  toShell: ({ bounding }) => [`setpriv --bounding-set ${["-all", ...bounding.map(shellCapability)].join(",")}`],
};

/** Carries out {@link UserSetStep}. */
export const userSet: ProcessStepDefinition<UserSetStep> = {
  wraps: true,
  walk({ uid, gid, additionalGids }) {
    check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), () => "prctl(PR_SET_KEEPCAPS, 1)");
    checkId(
      setgroups(additionalGids.length, Uint32Array.from(additionalGids)),
      () => `setgroups(${additionalGids.join(", ")})`,
    );
    // With the capability these set all three ids. Not setresuid: a tight seccomp profile knows only what runc calls.
    checkId(setgid(gid), () => `setgid(${gid})`);
    checkId(setuid(uid), () => `setuid(${uid})`);
    // Other ids make the process what fs.suid_dumpable says; nobody shall look into it before its exec.
    if (uid !== 0 || gid !== 0) check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), () => "prctl(PR_SET_DUMPABLE, 0)");
    check(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0), () => "prctl(PR_SET_KEEPCAPS, 0)");
  },
  toShell({ uid, gid, additionalGids }) {
    const groups = additionalGids.length === 0 ? "--clear-groups" : `--groups=${additionalGids.join(",")}`;
    return [`setpriv --reuid=${uid} --regid=${gid} ${groups}`];
  },
};

/** Carries out {@link CapabilitiesSetStep}. Bits that the bounding set or the kernel lacks are left out, as in runc. */
export const capabilitiesSet: ProcessStepDefinition<CapabilitiesSetStep> = {
  wraps: true,
  walk({ effective, permitted, inheritable, ambient }) {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(LINUX_CAPABILITY_VERSION_3, 0);
    const data = Buffer.alloc(24);
    writeCapabilities(data, 0, effective);
    writeCapabilities(data, 4, permitted);
    writeCapabilities(data, 8, inheritable);
    check(capset(header, data), () => `capset(${permitted.join(", ")})`);
    check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), () => "prctl(PR_CAP_AMBIENT_CLEAR_ALL)");
    for (const number of capabilityNumbers(ambient)) {
      if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) >= 0) continue;
      // One that is not in the inheritable set as well has no effect, as in runc, whose own example asks for it.
      if (lastErrno() === EPERM || lastErrno() === EINVAL) continue;
      throw new KernelError(`prctl(PR_CAP_AMBIENT_RAISE, ${CAPABILITIES[number]})`, lastErrno());
    }
  },
  toShell: ({ inheritable, ambient }) => [
    `setpriv --inh-caps ${["-all", ...inheritable.map(shellCapability)].join(",")} --ambient-caps ${["-all", ...ambient.map(shellCapability)].join(",")}`,
  ],
};

/** Carries out {@link NoNewPrivilegesStep}. */
export const privilegesFreeze: ProcessStepDefinition<NoNewPrivilegesStep> = {
  wraps: true,
  walk() {
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), () => "prctl(PR_SET_NO_NEW_PRIVS)");
  },
  toShell: () => ["setpriv --no-new-privs"],
};

/** Carries out {@link UmaskSetStep}. */
export const umaskSet: ProcessStepDefinition<UmaskSetStep> = {
  walk({ mask }) {
    umask(mask);
  },
  toShell: ({ mask }) => [`umask ${mask.toString(8).padStart(4, "0")}`],
};

/** Carries out {@link DirectoryMakeStep}. */
export const directoryMake: ProcessStepDefinition<DirectoryMakeStep> = {
  walk({ path }, { rootFd }) {
    close(makeDirectories(rootFd, path));
  },
  toShell: ({ root, path }) => [`mkdir -p ${shellQuote(root + path)}`],
};

/**
 * Carries out {@link DirectoryEnterStep}. Never through a magic link: a working directory of /proc/self/fd/N would be a directory of the
 * host that the runtime has open (CVE-2024-21626).
 */
export const directoryEnter: ProcessStepDefinition<DirectoryEnterStep> = {
  walk({ path }, { rootFd }) {
    const fd = tryOpenInRoot(rootFd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) throw new KernelError(`chdir(${path})`, -fd);
    check(fchdir(fd), () => `chdir(${path})`);
    close(fd);
    // Null for a directory that can't be reached from the root.
    if (getcwd(Buffer.alloc(PATH_MAX), PATH_MAX) !== null) return;
    throw new NetdError("LAUNCH_FAILED", `Cannot enter the working directory "${path}": it is not below the root`, {
      remedy: "Choose a directory of the image",
    });
  },
  toShell: ({ path }) => [shellCommand("cd", path)],
};

/** The kernel refuses an id that the user namespace has no mapping for as it refuses one that can't be (credentials(7)). */
function checkId(result: number, call: () => string): void {
  if (result >= 0) return;
  if (lastErrno() !== EINVAL) throw new KernelError(call(), lastErrno());
  throw new NetdError("LAUNCH_FAILED", `Cannot ${call()}: the user namespace does not map each of these ids`, {
    remedy: "Map them, or choose a user and groups that are mapped",
  });
}

/** RLIM_INFINITY for what does not fit. */
function limitOf(value: number | string): bigint {
  if (typeof value === "string") return BigInt(value);
  return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : 0xffffffffffffffffn;
}

/**
 * Write one set of struct __user_cap_data_struct: two words of 32 bits, 12 bytes apart. Capabilities that the kernel lacks or the bounding set
 * lost are left out.
 */
function writeCapabilities(data: Buffer, offset: number, names: readonly string[]): void {
  for (const number of capabilityNumbers(names)) {
    if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) !== 1) continue;
    const at = offset + (number >> 5) * 12;
    data.writeUInt32LE((data.readUInt32LE(at) | (1 << (number & 31))) >>> 0, at);
  }
}

const PR_CAPBSET_READ = 23;

/** setpriv writes `+net_raw`. */
function shellCapability(name: string): string {
  return `+${name.replace("CAP_", "").toLowerCase()}`;
}
