import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BranchAhead, Measured } from "../core/repo/finding.ts";
import type { Describing } from "./describe.ts";
import { notComputed } from "./git-facts.ts";
import {
  openHgShadow,
  orReason,
  requirementsOf,
  writeRequirements,
  type HgPlaces,
  type HgShadow,
} from "./hg-shadow.ts";
import { inside, kindAt, readWhole, type Bytes } from "./read-only.ts";
import type { ProgramEnd } from "./run-program.ts";
import { Unproven } from "./unproven.ts";

/** Changesets that were not pushed, as phases tell. */
export type Drafts = {
  readonly unpushed: Measured;
  /** Each changeset belongs to one branch. */
  readonly branches: readonly BranchAhead[];
  /** Of the program; undefined where it was not asked. */
  readonly version: string | undefined;
};

/** One repository never takes longer. */
const repositoryMs = 10_000;

const outputBytesMax = 16 * 1024 * 1024;
const historyBytesMax = 256 * 1024 * 1024;

/** Count changesets that are not public, with the machine's own `hg`, in a shadow with a copy of the log of the history (G35). */
export async function countDrafts(places: HgPlaces, describing: Describing): Promise<Drafts> {
  if (describing.engine !== "auto") return unknown("not-examined");
  const hg = describing.hg();
  if (hg === undefined) return unknown("no-hg");
  return await orReason(async () => {
    using shadow = openHgShadow(hg, places, describing);
    furnish(shadow.folder, places);
    return await ask(shadow, describing);
  }, unknown);
}

function unknown(reason: string): Drafts {
  return { unpushed: notComputed(reason), branches: [], version: undefined };
}

/** Requirements that say nothing about how the log of the history is stored. */
const droppedRequirements: ReadonlySet<string> = new Set([
  "shared",
  "relshared",
  "share-safe",
  "persistent-nodemap",
  "dirstate-v2",
  "dirstate-tracked-key-v1",
  "treemanifest",
  "narrowhg-experimental",
  "exp-sparse",
  "largefiles",
  "lfs",
]);

/** The index of the log goes first: what it names is in the data by then. */
const historyFiles = ["00changelog.i", "00changelog.d", "obsstore", "phaseroots"] as const;

function furnish(target: string, places: HgPlaces): void {
  mkdirSync(join(target, "store"));
  const kept = requirementsOf(places).filter((one) => !droppedRequirements.has(one));
  // A share names the format in the repository that it belongs to.
  writeRequirements(target, [...kept, "store", "revlogv1", "generaldelta"]);
  for (const name of historyFiles) copy(join(target, "store", name), inside(places.store, name));
}

function copy(target: string, source: Bytes): void {
  const file = readWhole(source, historyBytesMax);
  if (file !== undefined) writeFileSync(target, file.bytes);
  else if (kindAt(source) !== undefined) throw new Unproven("file-not-read");
}

async function ask(shadow: HgShadow, { clock, deadline }: Describing): Promise<Drafts> {
  const end = Math.min(deadline, clock.now() + repositoryMs);
  const run = (words: readonly string[]): Promise<ProgramEnd> =>
    shadow.run(words, { bytesMax: outputBytesMax, deadline: end });
  const logged = await run(["log", "-r", "not public()", "--template", String.raw`{branch}\0`]);
  if (logged.code !== 0) return unknown(logged.end === "exited" ? "hg-failed" : logged.end);
  const told = await run(["version", "-q", "--template", "{ver}"]);
  const version = told.code === 0 ? told.stdout.toString("latin1") : "unknown";
  const names = logged.stdout.toString("utf8").split("\0").slice(0, -1);
  return {
    unpushed: { precision: "exact", value: names.length },
    branches: countByName(names),
    version,
  };
}

function countByName(names: readonly string[]): BranchAhead[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Array.from(counts, ([name, ahead]) => ({ name, ahead, unique: ahead })).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}
