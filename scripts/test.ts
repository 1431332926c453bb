/**
 * Run every test and end with the plain line `N passed, N failed` that continuous integration reads. The long layers run by
 * themselves: nobody needs to know what they cover, and counting it doubles their time.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");

type Outcome = { readonly passed: number; readonly failed: number; readonly exit: number };

function runTests(words: readonly string[]): Outcome {
  const scratch = mkdtempSync(path.join(os.tmpdir(), "snap-test-"));
  const report = path.join(scratch, "report.json");
  const binaries = path.join(root, "node_modules/.bin");
  const { status } = spawnSync(
    process.execPath,
    [
      path.join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config=test/vitest.config.ts",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...words,
    ],
    {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, PATH: `${binaries}:${process.env["PATH"]}` },
    },
  );
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    return { passed, failed, exit: passed === 0 ? status || 1 : (status ?? 1) };
  } catch (error) {
    console.error(`test: no report was written: ${String(error)}`);
    return { passed: 0, failed: 0, exit: status || 1 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const own = process.argv.slice(2);
// A part of the tests covers a part of the code: thresholds hold for the whole run only.
const runs = own.length > 0 ? [own] : [["--coverage", "--project=!layers"], ["--project=layers"]];
const outcomes = runs.map((words) => runTests(words));
const sum = (count: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + count(outcome), 0);
console.log(`${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed`);
process.exit(outcomes.find(({ exit }) => exit !== 0)?.exit ?? 0);
