/** Run every test and end with the plain line `N passed, N failed` that continuous integration reads. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");
const scratch = mkdtempSync(path.join(os.tmpdir(), "snap-test-"));
const report = path.join(scratch, "report.json");
const own = process.argv.slice(2);
// A part of the tests covers a part of the code: thresholds hold for the whole run only.
const coverage = own.length === 0 ? ["--coverage"] : [];

const run = spawnSync(
  process.execPath,
  [
    path.join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config=test/vitest.config.ts",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...coverage,
    ...own,
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${path.join(root, "node_modules/.bin")}:${process.env["PATH"]}` },
  },
);

let exit = run.status ?? 1;
try {
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  if (numPassedTests === 0) exit ||= 1;
  console.log(`${numPassedTests} passed, ${numFailedTests} failed`);
} catch (error) {
  console.error(`test: no report was written: ${String(error)}`);
  exit ||= 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(exit);
