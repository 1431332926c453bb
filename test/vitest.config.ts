import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Cases by the hundred thousand: counting what they cover doubles their time. */
const layers = ["test/property/exhaustive-*", "test/sim/*", "test/engine/scale"].map(
  (glob) => `${glob}.test.ts`,
);

/**
 * One project a kind of test; `pure` touches no disk, `parts` uses a real one, `whole` starts real processes, `layers` are the
 * long ones among all of these.
 */
const pure = ["test/std/**", "test/core/**", "test/property/**", "test/tidy/**"].map(
  (glob) => `${glob}/*.test.ts`,
);
const whole = [
  "test/cli/**",
  "test/clients/**",
  "test/crash/**",
  "test/docs/**",
  "test/world/**",
].map((glob) => `${glob}/*.test.ts`);

// eslint-disable-next-line import/no-default-export -- vitest reads the default export
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    // Left to itself the runner keeps a core free, which on two cores doubles the time.
    maxWorkers: availableParallelism(),
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "json-summary"],
      reportsDirectory: ".coverage",
      // `app` and `cli` run in processes of their own, which this does not see.
      thresholds: {
        "src/core/**": { lines: 98 },
        "src/{engine,guard,local,remote,restore,server,snapshot,state}/**": { lines: 90 },
      },
    },
    projects: [
      {
        extends: true,
        test: { name: "pure", include: pure, exclude: layers, testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: "parts",
          include: ["test/**/*.test.ts"],
          exclude: [...pure, ...whole, ...layers],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: "whole", include: whole, testTimeout: 300_000, hookTimeout: 120_000 },
      },
      { extends: true, test: { name: "layers", include: layers, testTimeout: 900_000 } },
    ],
  },
});
