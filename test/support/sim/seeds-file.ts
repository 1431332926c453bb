import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Seeds that failed once, one a line: seed, date, and what was wrong (S114). They run first in every check. */
export const seedsFile: string = path.join(
  import.meta.dirname,
  "../../../fixtures/seeds/simulation.txt",
);

/** Seeds of the file, in its order. */
export function seedsThatFailed(file: string = seedsFile): number[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => /^\d+ /.test(line))
    .map((line) => Number.parseInt(line, 10));
}

/** Write a failing seed down, once. */
export function noteSeed(
  found: { readonly seed: number; readonly problem: string },
  file: string = seedsFile,
): void {
  if (seedsThatFailed(file).includes(found.seed)) return;
  const day = new Date().toISOString().slice(0, 10);
  appendFileSync(file, `${found.seed} ${day} ${found.problem.split("\n")[0]?.slice(0, 120)}\n`);
}
