import { writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** Says at the end how much room the young objects have. */
const probe = `
  import { getHeapSpaceStatistics } from "node:v8";
  process.on("exit", () => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    console.error("young " + young.space_size);
  });
`;

/** What Node takes by itself while it loads the program is 16 MiB. */
const youngBytesMax = 4 * 1024 * 1024;

test("S106: the launcher keeps the heap of this runtime small, which knows the flags for it", async () => {
  using box = new Box();
  const file = path.join(box.top, "probe.mjs");
  writeFileSync(file, probe);
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
  const { code, stderr } = await box.snap(["login", "--local"], { env });
  expect(code).toBe(0);
  const [, young] = /^young (\d+)\n$/u.exec(stderr) ?? [];
  expect(Number(young)).toBeLessThanOrEqual(youngBytesMax);
});
