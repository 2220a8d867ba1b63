import { expect, test } from "vitest";
import { parseInterfaceCounters } from "../../../../src/kernel/link/interface-counters.ts";

test("parseInterfaceCounters reads what each link but the loopback received and sent", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    6386      58    0    0    0     0          0         0     6386      58    0    0    0     0       0          0
  eth0:1408875029   36825    1    2    0     0          0         7  2749001   22382    3    4    0     0       0          0
`;
  expect(parseInterfaceCounters(text)).toEqual([
    {
      ...{ Name: "eth0", RxBytes: 1_408_875_029, RxPackets: 36_825, RxErrors: 1, RxDropped: 2 },
      ...{ TxBytes: 2_749_001, TxPackets: 22_382, TxErrors: 3, TxDropped: 4 },
    },
  ]);
});
