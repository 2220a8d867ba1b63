import { expect, test } from "vitest";
import type { ContainerSpec, MountSpec } from "../../../../src/api/index.ts";
import { resolveMounts } from "../../../../src/netd/storage/resolve-mounts.ts";

const OTHERS: Record<string, MountSpec[]> = {
  web: [
    { type: "volume", source: "data", target: "/data", readOnly: false },
    { type: "volume", source: "f".repeat(64), target: "/made", readOnly: true, anonymous: true },
    { type: "tmpfs", target: "/run", readOnly: false },
  ],
};

function resolve(spec: Partial<ContainerSpec>, imageVolumes: string[] = []) {
  return resolveMounts({ image: "busybox", ...spec }, { imageVolumes, mountsOf: (name) => OTHERS[name] ?? [] });
}

test("resolveMounts names anonymous volumes with 64 digits of their own", () => {
  const [one, two] = resolve({
    mounts: [
      { type: "volume", target: "/a/", readOnly: false },
      { type: "volume", target: "//b/./c", readOnly: true },
    ],
  });
  expect(one).toEqual({ type: "volume", source: one?.source, target: "/a", readOnly: false, anonymous: true });
  expect(two).toMatchObject({ target: "/b/c", anonymous: true });
  expect([one?.source, two?.source].join(" ")).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}$/);
  expect(one?.source).not.toBe(two?.source);
});

test("resolveMounts gives volumes of the image, of other containers, and its own, the later over the earlier", () => {
  const own: MountSpec = { source: "/etc", target: "/own", readOnly: false };
  const mounts = resolve({ mounts: [own], volumesFrom: ["web:ro"] }, ["/data", "/own", "/image"]);
  expect(mounts).toEqual([
    { type: "volume", source: "data", target: "/data", readOnly: true },
    own,
    expect.objectContaining({ target: "/image", anonymous: true }),
    { type: "volume", source: "f".repeat(64), target: "/made", readOnly: true },
  ]);
});

test.each<[MountSpec, string, string]>([
  [{ source: "srv", target: "/data", readOnly: false }, "API_REQUEST_INVALID", "mount source 'srv'"],
  [{ source: "/etc", target: "/", readOnly: false }, "API_REQUEST_INVALID", "mount target '/'"],
  [{ source: "/etc", target: "//", readOnly: false }, "API_REQUEST_INVALID", "mount target '/'"],
  [{ source: "/etc", target: "/a/../..", readOnly: false }, "API_REQUEST_INVALID", "mount target"],
  [{ source: "/no/such", target: "/a", readOnly: false }, "MOUNT_SOURCE_MISSING", "'/no/such'"],
  [{ type: "volume", source: "../x", target: "/a", readOnly: false }, "API_REQUEST_INVALID", "volume name '../x'"],
  [{ type: "volume", source: "x", target: "/a", readOnly: false }, "API_REQUEST_INVALID", "volume name 'x'"],
  [{ type: "volume", target: "/a", readOnly: false, propagation: "shared" }, "API_REQUEST_INVALID", "propagation"],
  [{ type: "tmpfs", source: "/x", target: "/a", readOnly: false }, "API_REQUEST_INVALID", "tmpfs with a source"],
  [{ source: "/etc", target: "/a", readOnly: false, noCopy: true }, "API_REQUEST_INVALID", "nocopy"],
  [{ source: "/etc", target: "/a", readOnly: false, options: ["x"] }, "API_REQUEST_INVALID", "options"],
])("resolveMounts refuses %j with %s", (mount, code, named) => {
  expect(() => resolve({ mounts: [mount] })).toThrowError(
    expect.objectContaining({ code, message: expect.stringContaining(named), remedy: expect.any(String) }),
  );
});

test("resolveMounts refuses two mounts on one place", () => {
  const mount: MountSpec = { source: "/etc", target: "/a", readOnly: false };
  expect(() => resolve({ mounts: [mount, { ...mount, target: "/a/." }] })).toThrowError(/two mounts on '\/a'/);
});
