import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { Damage, GuardFinding } from "../../src/core/repo/finding.ts";
import { guardExit, verdictOf } from "../../src/guard/report.ts";
import type { GuardOptions } from "../../src/guard/repo-guard.ts";
import { git, Scratch } from "./repositories.ts";

/** What Dropbox calls a second version of a branch. */
export const copy: string = "main (HOST's conflicted copy 2024-05-01)";

type Finding = Pick<GuardOptions, "deep" | "engine"> & { readonly path?: string | undefined };

/** Check a folder with one repository: nothing is changed or left behind, and the exit code is that of its damage. */
export async function find(
  scratch: Scratch,
  { path = process.env["PATH"], ...options }: Finding = {},
): Promise<GuardFinding> {
  const before = scratch.fingerprint();
  const report = await scratch.check(scratch.top, options, { path });
  expect(scratch.fingerprint(), "bytes and times are as before").toBe(before);
  expect(readdirSync(scratch.programs().tmp ?? ""), "nothing is left behind").toEqual([]);
  const [finding] = report.findings;
  if (finding === undefined) throw new Error("no finding");
  const damaged = finding.damage.some(({ severity }) => severity === "damage");
  expect(guardExit(report, "repo"), "5 exactly for damage").toBe(damaged ? 5 : 3);
  expect(verdictOf(report) === "damage").toBe(damaged);
  return finding;
}

/** Codes of damage, each once. */
export function codes(damage: readonly Damage[]): string[] {
  return [...new Set(damage.map(({ code }) => code))].toSorted();
}

/** Files of loose objects, below `.git/objects`. */
export function loose(scratch: Scratch): string[] {
  return readdirSync(scratch.at(".git/objects"))
    .filter((fan) => /^[0-9a-f]{2}$/u.test(fan))
    .flatMap((fan) =>
      readdirSync(scratch.at(`.git/objects/${fan}`)).map((name) => `${fan}/${name}`),
    );
}

/** File of a loose object. */
export function pathOf(scratch: Scratch, oid: string): string {
  return scratch.at(`.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`);
}

/** Object id by name. */
export function rev(scratch: Scratch, name: string): string {
  return git(scratch.top, "rev-parse", name).trim();
}

/** Put all into one pack, and tell its path. */
export function packed(scratch: Scratch): string {
  git(scratch.top, "repack", "-adq");
  const [name = ""] = readdirSync(scratch.at(".git/objects/pack")).filter((one) =>
    one.endsWith(".pack"),
  );
  return scratch.at(`.git/objects/pack/${name}`);
}

/** Change one bit of a byte. */
export function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x40, at);
  rmSync(file);
  writeFileSync(file, bytes);
}
