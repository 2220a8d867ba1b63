import { describe, expect, test } from "vitest";
import { planTokenBucket } from "../../../../src/kernel/index.ts";

describe("planTokenBucket", () => {
  test("planTokenBucket saves tokens for 20 ms and lets 100 ms wait, within bounds", () => {
    expect(planTokenBucket(8_000)).toEqual({ rate: 1_000, burst: 6_056, limit: 6_056 + 65_536 });
    expect(planTokenBucket(10_000_000)).toEqual({ rate: 1_250_000, burst: 25_000, limit: 150_000 });
    expect(planTokenBucket(1_000_000_000)).toEqual({ rate: 125_000_000, burst: 2_500_000, limit: 15_000_000 });
    const most = planTokenBucket(100_000_000_000);
    expect(most).toEqual({ rate: 12_500_000_000, burst: 250_000_000, limit: 1_500_000_000 });
    expect(planTokenBucket(1e15).limit).toBeLessThan(2 ** 31);
  });
});
