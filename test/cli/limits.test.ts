/** Limits of the line, as a person sets them. */
import { expect, test } from "vitest";
import { DaemonBox } from "../support/daemon-box.ts";

test("a sync goes no faster than it is told, and a limit that makes no sense is refused", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a", "x".repeat(128 * 1024));
  const begunAt = performance.now();
  await box.run(0, "sync", "--limit-upload", "64KiB");
  expect(performance.now() - begunAt).toBeGreaterThanOrEqual(1_900);
  const refused = await box.run(2, "sync", "--limit-download", "10");
  expect(JSON.stringify(refused.events.at(-1))).toContain("--limit-download is");
});
