import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { withFault } from "./faults.ts";
import type { Fault } from "./fault.ts";

/** Tests that run together. */
type Stage = readonly string[];

/** A fault that makes the tests run for ever is noticed as well; longer than a loaded machine needs for any of them. */
const stageMsMax = 3_600_000;

/** Tests of the pure part, of what is about it, and of whole scenarios: a fault goes on to the next only if nothing noticed it. */
const core: Stage = ["test/core/merge", "test/core/plan", "test/property"];
const engine: Stage = ["test/engine", "test/local"];
const world: Stage = ["test/world"];
const slow = [
  ...["scale", "listing-memory"].map((name) => `test/engine/${name}.test.ts`),
  "test/property/exhaustive-[234].test.ts",
];

/** What became of a fault: by what it was noticed, undefined where nothing noticed it. */
export type Verdict = { readonly killedBy: string | undefined };

/** Put a fault into a copy of the tree and run the fast layers, with fewer cases each. The tree itself is not touched. */
export function runFault(fault: Fault): Verdict {
  return inCopy((copy) => {
    const file = path.join(copy, fault.file);
    writeFileSync(file, withFault(readFileSync(file, "utf8"), fault));
    const isCore = fault.file.startsWith("src/core/");
    return { killedBy: runStages(copy, isCore ? [core, engine, world] : [engine, world]) };
  });
}

/** The same layers without any fault: they hold, or the verdicts are worth nothing. */
export function runUnchanged(): Verdict {
  return inCopy((copy) => ({ killedBy: runStages(copy, [core, engine, world]) }));
}

function inCopy(work: (copy: string) => Verdict): Verdict {
  const root = path.join(import.meta.dirname, "../..");
  const copy = mkdtempSync(path.join(os.tmpdir(), "snap-mutant-"));
  try {
    // Some tests act as another user, who has to find the way.
    chmodSync(copy, 0o755);
    for (const part of ["src", "test", "fixtures", "package.json", "tsconfig.json"]) {
      cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
    }
    symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
    return work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function runStages(folder: string, stages: readonly Stage[]): string | undefined {
  for (const stage of stages) {
    const killedBy = runTests(folder, stage);
    if (killedBy !== undefined) return killedBy;
  }
  return undefined;
}

function runTests(folder: string, tests: Stage): string | undefined {
  const run = spawnSync(
    process.execPath,
    [
      path.join(folder, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config=test/vitest.config.ts",
      "--bail=1",
      ...slow.map((name) => `--exclude=${name}`),
      ...tests,
    ],
    {
      cwd: folder,
      encoding: "utf8",
      timeout: stageMsMax,
      maxBuffer: 256 * 1024 * 1024,
      env: { ...process.env, NO_COLOR: "1", SNAP_SEED: "1", SNAP_RUNS_PART: "20" },
    },
  );
  if (run.status === 0) return undefined;
  const failed = /^ *FAIL .*? > (.+)$/mu.exec(run.stdout + run.stderr);
  return failed?.[1] ?? (run.error === undefined ? "a file that does not load" : "its time");
}
