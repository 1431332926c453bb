import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { BranchAhead, Measured } from "../core/repo/finding.ts";
import type { Describing } from "./describe.ts";
import { notComputed } from "./git-facts.ts";
import { inside, kindAt, readStart, readWhole, type Bytes } from "./read-only.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";
import { makeShadowFolder } from "./shadow-folder.ts";
import { Unproven } from "./unproven.ts";

/** Changesets that were not pushed, as phases tell. */
export type Drafts = {
  readonly unpushed: Measured;
  /** Each changeset belongs to one branch. */
  readonly branches: readonly BranchAhead[];
  /** Of the program; undefined where it was not asked. */
  readonly version: string | undefined;
};

/** A repository of Mercurial's. */
export type HgPlaces = {
  /** The `.hg`. */
  readonly folder: Bytes;
  /** Its store, which is elsewhere for a share. */
  readonly store: Bytes;
};

/** One repository never takes longer. */
const repositoryMs = 10_000;

const outputBytesMax = 16 * 1024 * 1024;
const historyBytesMax = 256 * 1024 * 1024;
const textBytesMax = 64 * 1024;

/**
 * Count changesets that are not public, with the machine's own `hg` (G35). Like Git it never runs in the repository: it gets a
 * repository of ours with a copy of the history's log and of the phases, so that its caches are ours, and no configuration at
 * all, so that no extension is loaded (G5).
 */
export async function countDrafts(places: HgPlaces, describing: Describing): Promise<Drafts> {
  if (describing.engine !== "auto") return unknown("not-examined");
  const hg = describing.hg();
  if (hg === undefined) return unknown("no-hg");
  let shadow: string | undefined;
  try {
    const { folder } = places;
    shadow = makeShadowFolder(describing.tmp, { gitdir: folder, common: places.store });
    furnish(join(shadow, "repo/.hg"), places);
    return await ask(hg, shadow, describing);
  } catch (error) {
    if (error instanceof Unproven) return unknown(error.reason);
    throw error;
  } finally {
    if (shadow !== undefined) rmSync(shadow, { recursive: true, force: true });
  }
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

function furnish(target: string, { folder, store }: HgPlaces): void {
  mkdirSync(join(target, "store"), { recursive: true });
  const requirements = [folder, store].flatMap(
    (place) => readStart(inside(place, "requires"), textBytesMax)?.split("\n") ?? [],
  );
  const kept = new Set(requirements.filter((one) => one !== "" && !droppedRequirements.has(one)));
  // A share names the format in the repository that it belongs to.
  for (const one of ["store", "revlogv1", "generaldelta"]) kept.add(one);
  writeFileSync(join(target, "requires"), `${[...kept].toSorted().join("\n")}\n`);
  for (const name of historyFiles) copy(join(target, "store", name), inside(store, name));
}

function copy(target: string, source: Bytes): void {
  const file = readWhole(source, historyBytesMax);
  if (file !== undefined) writeFileSync(target, file.bytes);
  else if (kindAt(source) !== undefined) throw new Unproven("file-not-read");
}

async function ask(hg: string, shadow: string, describing: Describing): Promise<Drafts> {
  const { clock, signal } = describing;
  const deadline = Math.min(describing.deadline, clock.now() + repositoryMs);
  const run = (words: readonly string[]): Promise<ProgramEnd> =>
    runProgram({
      file: hg,
      words,
      env: hgEnvironment(hg, shadow),
      cwd: join(shadow, "repo"),
      bytesMax: outputBytesMax,
      deadline,
      clock,
      signal,
    });
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

/** The whole environment. The program is a script: it needs the interpreter from where the system has it. */
export function hgEnvironment(hg: string, home: string): Readonly<Record<string, string>> {
  return {
    PATH: [dirname(hg), `${sep}usr${sep}bin`, `${sep}bin`].join(":"),
    HOME: home,
    XDG_CONFIG_HOME: home,
    TMPDIR: home,
    LC_ALL: "C",
    HGRCSKIPREPO: "1",
    HGRCPATH: "",
    HGPLAIN: "1",
    HGENCODING: "utf-8",
    PYTHONDONTWRITEBYTECODE: "1",
  };
}
