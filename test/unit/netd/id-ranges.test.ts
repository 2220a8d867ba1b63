import { describe, expect, test } from "vitest";
import { parseSubordinateIds } from "../../../src/netd/id-ranges.ts";

const DEFAULT = [{ containerId: 0, hostId: 231_072, size: 65_536 }];

describe("parseSubordinateIds", () => {
  test.each([
    ["", DEFAULT],
    ["alice:100000:65536\n", DEFAULT],
    ["root:100000:65536\n", [{ containerId: 0, hostId: 100_000, size: 65_536 }]],
    ["0:100000:1\n", [{ containerId: 0, hostId: 100_000, size: 1 }]],
    ["root:1:2\nnetd:300000:10\n", [{ containerId: 0, hostId: 300_000, size: 10 }]],
    [
      "netd:300000:10\n  netd:500000:5  \n",
      [
        { containerId: 0, hostId: 300_000, size: 10 },
        { containerId: 10, hostId: 500_000, size: 5 },
      ],
    ],
  ])("maps what %j keeps", (text, ranges) => expect(parseSubordinateIds(text)).toEqual(ranges));

  test.each(["root", "root:", "root:1", "root:1:0", "root:-1:5", "root:1:2x", "root:99999999999:1", "# root:1:2"])(
    "steps over '%s'",
    (line) => expect(parseSubordinateIds(`${line}\n`)).toEqual(DEFAULT),
  );
});
