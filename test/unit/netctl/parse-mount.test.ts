import { describe, expect, test } from "vitest";
import { parseMount } from "../../../src/netctl/parse-mount.ts";
import { UsageError } from "../../../src/netctl/usage-error.ts";

describe("parseMount", () => {
  test.each([
    ["/srv:/data", { source: "/srv", target: "/data", readOnly: false }],
    ["/srv:/data:ro", { source: "/srv", target: "/data", readOnly: true }],
    ["/srv/../etc:/data:rw", { source: "/etc", target: "/data", readOnly: false }],
    [".:/data", { source: "/home/me", target: "/data", readOnly: false }],
    ["./site:/www:ro", { source: "/home/me/site", target: "/www", readOnly: true }],
    ["../x:/y", { source: "/home/x", target: "/y", readOnly: false }],
  ])("reads %s", (text, mount) => expect(parseMount(text, "/home/me")).toEqual(mount));

  test.each(["", "/data", "/srv:data", "/srv:/data:z", "/a:/b:ro:x", "volume:/data", ":/data"])(
    "refuses '%s'",
    (text) => {
      expect(() => parseMount(text, "/home/me")).toThrow(UsageError);
    },
  );

  test("says that there are no named volumes", () => {
    expect(() => parseMount("data:/data", "/")).toThrow("no named volumes");
  });
});
