import { writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** Says at the end how much room the young objects have, and how the runtime tidies up behind 256 MiB of buffers. */
const probe = `
  import { GCProfiler, getHeapSpaceStatistics } from "node:v8";
  process.on("exit", () => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    const profiler = new GCProfiler();
    profiler.start();
    for (let count = 0; count < 4_096; count += 1) Buffer.allocUnsafeSlow(65_536);
    const ways = profiler.stop().statistics.map(({ gcType }) => gcType);
    console.error("young " + young.space_size + " ways " + [...new Set(ways)].sort());
  });
`;

/** What Node takes by itself while it loads the program is 16 MiB. */
const youngBytesMax = 4 * 1024 * 1024;

test("S106: the launcher keeps the heap of this runtime small, which knows the flags for it, and buffers do not make it look at all that lives again and again", async () => {
  using box = new Box();
  const file = path.join(box.top, "probe.mjs");
  writeFileSync(file, probe);
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
  const { code, stderr } = await box.snap(["login", "--local"], { env });
  expect(code).toBe(0);
  const [, young, ways] = /^young (\d+) ways (.+)\n$/u.exec(stderr) ?? [];
  expect(Number(young)).toBeLessThanOrEqual(youngBytesMax);
  expect(ways).toBe("MarkSweepCompact");
});
