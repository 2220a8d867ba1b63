import { describe, expect, test } from "vitest";
import { parseDevice, parseMount, parseTmpfs, parseVolume } from "../../../src/netctl/parse-mount.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

describe("parseVolume", () => {
  test.each([
    ["/srv:/data", { source: "/srv", target: "/data", readOnly: false }],
    ["/srv:/data:ro", { source: "/srv", target: "/data", readOnly: true }],
    ["/srv/../etc:/data:rw", { source: "/etc", target: "/data", readOnly: false }],
    [".:/data", { source: "/home/me", target: "/data", readOnly: false }],
    ["./site:/www:ro", { source: "/home/me/site", target: "/www", readOnly: true }],
    ["../x:/y", { source: "/home/x", target: "/y", readOnly: false }],
    ["x/y:/z:ro,rslave", { source: "/home/me/x/y", target: "/z", readOnly: true, propagation: "rslave" }],
    ["/srv:/data:z", { source: "/srv", target: "/data", readOnly: false }],
  ])("parseVolume reads the path in %s", (text, mount) => {
    expect(parseVolume(text, "/home/me")).toEqual({ type: "bind", createSource: true, ...mount });
  });

  test.each([
    ["data:/data", { source: "data", target: "/data", readOnly: false }],
    ["Data_1:/data:ro,nocopy", { source: "Data_1", target: "/data", readOnly: true, noCopy: true }],
    ["/data", { target: "/data", readOnly: false }],
  ])("parseVolume reads the volume in %s", (text, mount) => {
    expect(parseVolume(text, "/home/me")).toEqual({ type: "volume", ...mount });
  });

  test.each([
    "",
    "data",
    "/srv:data",
    "/srv:/data:x",
    "/a:/b:ro:x",
    ":/data",
    "/data:",
    "/srv:/data:nocopy",
    "data:/data:shared",
  ])("parseVolume refuses '%s'", (text) => {
    expect(() => parseVolume(text, "/home/me")).toThrow(UsageError);
  });
});

describe("parseMount", () => {
  test.each([
    ["type=bind,source=/srv,target=/data", { type: "bind", source: "/srv", target: "/data", readOnly: false }],
    ["type=bind,src=x,dst=/data,readonly", { type: "bind", source: "/home/me/x", target: "/data", readOnly: true }],
    [
      "type=bind,src=/x,destination=/y,ro=1,bind-propagation=rshared,bind-nonrecursive",
      { type: "bind", source: "/x", target: "/y", readOnly: true, propagation: "rshared", nonRecursive: true },
    ],
    ["target=/data", { type: "volume", target: "/data", readOnly: false }],
    [
      "source=data,target=/data,volume-nocopy=true,readonly=false",
      { type: "volume", source: "data", target: "/data", readOnly: false, noCopy: true },
    ],
    [
      "type=tmpfs,target=/run,tmpfs-size=64m,tmpfs-mode=1770",
      { type: "tmpfs", target: "/run", readOnly: false, options: ["size=67108864", "mode=1770"] },
    ],
    ['type=bind,"source=/a,b",target=/c', { type: "bind", source: "/a,b", target: "/c", readOnly: false }],
  ])("parseMount reads %s", (text, mount) => expect(parseMount(text, "/home/me")).toEqual(mount));

  test.each([
    "",
    "type=bind,target=/x",
    "type=bind,source=/x",
    "type=npipe,source=/x,target=/y",
    "type=tmpfs,target=x",
    "type=tmpfs,target=/x,tmpfs-mode=9",
    "type=volume,target=/x,tmpfs-size=1m",
    "type=volume,target=/x,bind-propagation=shared",
    "type=bind,source=/x,target=/y,bind-propagation=odd",
    "type=bind,source=/x,target=/y,readonly=maybe",
    "type=bind,source=/x,target=/y,volume-nocopy",
    "type=bind,source=/x,target=/y,colour=red",
    "source=x,target",
  ])("parseMount refuses '%s'", (text) => {
    expect(() => parseMount(text, "/home/me")).toThrow(UsageError);
  });
});

describe("parseTmpfs", () => {
  test.each([
    ["/run", { type: "tmpfs", target: "/run", readOnly: false }],
    [
      "/run:rw,exec,size=64m,mode=1777",
      { type: "tmpfs", target: "/run", readOnly: false, options: ["exec", "size=64m", "mode=1777"] },
    ],
    ["/run:ro", { type: "tmpfs", target: "/run", readOnly: true }],
  ])("parseTmpfs reads %s", (text, mount) => expect(parseTmpfs(text)).toEqual(mount));

  test.each(["", "run", "/run:colour=red", "/run:lowerdir=/etc"])("parseTmpfs refuses '%s'", (text) => {
    expect(() => parseTmpfs(text)).toThrow(UsageError);
  });
});

describe("parseDevice", () => {
  test.each([
    ["/dev/fuse", { source: "/dev/fuse", target: "/dev/fuse", access: "rwm" }],
    ["/dev/fuse:r", { source: "/dev/fuse", target: "/dev/fuse", access: "r" }],
    ["/dev/fuse:/dev/x", { source: "/dev/fuse", target: "/dev/x", access: "rwm" }],
    ["/dev/fuse:/dev/x:rw", { source: "/dev/fuse", target: "/dev/x", access: "rw" }],
  ])("parseDevice reads %s", (text, device) => expect(parseDevice(text)).toEqual(device));

  test.each(["", "fuse", "/dev/fuse:x", "/dev/fuse:/dev/x:q", "/dev/fuse:/dev/x:r:w"])(
    "parseDevice refuses '%s'",
    (text) => {
      expect(() => parseDevice(text)).toThrow(UsageError);
    },
  );
});
