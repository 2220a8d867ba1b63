import { defineConfig } from "vitest/config";

/**
 * Three projects: `unit` needs nothing, `netns` needs root, `e2e` needs root and the built commands.
 *
 * Projects run one after the other, and so do the files of the two that touch the kernel: a leak is blamed on the file that left it.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      {
        test: {
          name: "netns",
          sequence: { groupOrder: 1 },
          include: ["test/netns/**/*.test.ts"],
          setupFiles: ["test/support/leak-check.ts"],
          fileParallelism: false,
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          sequence: { groupOrder: 2 },
          include: ["test/e2e/**/*.test.ts"],
          setupFiles: ["test/support/leak-check.ts"],
          fileParallelism: false,
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
