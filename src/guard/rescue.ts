import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SnapError } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { addTips, shadowPlaces } from "./connectivity.ts";
import { isCommit, unreached } from "./reachability.ts";
import type { Health } from "./damage.ts";
import { ObjectStore } from "./git-objects.ts";
import type { GitPlaces } from "./git-refs.ts";
import { inside } from "./read-only.ts";
import type { ProgramEnd } from "./run-program.ts";
import { openShadow, type GitBinary, type Shadow, type ShadowOptions } from "./shadow-git.ts";
import { publish } from "./publish-file.ts";

/** What lost work is to be saved, and where to. */
export type RescueRequest = ShadowOptions & {
  readonly places: GitPlaces;
  /** Tiers 1 and 2 of the repository. */
  readonly health: Health;
  /** Absolute path of a file that is not there yet; undefined only looks for what could be saved. */
  readonly out: string | undefined;
  readonly git: GitBinary;
};

/** A commit that no ref leads to. */
export type LostTip = {
  /** `refs/rescue/1-4be1f3c1`: its name in the bundle. */
  readonly ref: string;
  readonly oid: string;
  /** When it was made, as Git writes it; undefined for a tag without a date. */
  readonly date: string | undefined;
  /** First line of its message. */
  readonly subject: string;
  /** What of the repository still names it, below the gitdir; nothing for a commit that only its object tells of. */
  readonly namedBy: readonly string[];
};

/** What was saved, or would be. */
export type Rescue = {
  readonly tips: readonly LostTip[];
  /** Lost tips that objects are missing of: Git cannot put them into a bundle. */
  readonly left: readonly LostTip[];
  /** `whole`: each tip with all of its history; `since-refs`: only what the repository's refs do not have. */
  readonly content: "whole" | "since-refs";
  /** Of the bundle; 0 where none was made. */
  readonly bytes: number;
  /** Git could look for commits that nothing names. */
  readonly complete: boolean;
};

const budgetMs = 60 * 60_000;
const outputBytesMax = 64 * 1024 * 1024;

/**
 * Save every commit that nothing reaches into a Git bundle: rescuable ones of the damage (G42), ends of copied reflogs, and
 * dangling ones. Git works in a shadow (G33): of the repository nothing is changed. The bundle is verified, and unpacked once, before
 * it gets its name; a file that is there is never replaced.
 *
 * @throws {SnapError} `refused` where the file is there already or Git cannot make a bundle; {Unproven} of the shadow
 */
export async function rescue(request: RescueRequest): Promise<Rescue> {
  const { git, clock, out, health } = request;
  await using shadow = await openShadow(git, shadowPlaces(request), request);
  // What is staged is no commit, and a broken index would stop Git.
  rmSync(join(shadow.gitdir, "index"), { force: true });
  addTips(shadow, request);
  const run = runner(shadow, clock);
  const { oids, complete } = await lostOids(request, run);
  if (oids.size === 0) return { tips: [], left: [], content: "whole", bytes: 0, complete };
  const all = await nameTips(shadow, run, oids);
  const known = presentCommits(request);
  const { tips, left, content } = await sortOut(run, all, known);
  if (out === undefined || tips.length === 0) return { tips, left, content, bytes: 0, complete };
  const file = join(dirname(shadow.gitdir), "rescue.bundle");
  const bases = content === "whole" ? [] : known;
  const onlyThese = (): void => (health.isReftable ? undefined : keepRefs(shadow, tips, bases));
  await makeBundle(run, { file, wanted: wanted(tips, bases), onlyThese });
  const bytes = await publish(file, out);
  return { tips, left, content, bytes, complete };
}

type Run = (words: readonly string[], input?: string) => Promise<ProgramEnd>;

function runner(shadow: Shadow, clock: Clock): Run {
  const deadline = clock.now() + budgetMs;
  return async (words, input) => {
    const bounds = { bytesMax: outputBytesMax, deadline };
    const end = await shadow.run(
      words,
      input === undefined ? bounds : { ...bounds, input: Buffer.from(input) },
    );
    if (end.end === "interrupted") throw new SnapError("interrupted", "Interrupted");
    return end;
  };
}

type Lost = {
  /** What names each, by object id. */
  readonly oids: ReadonlyMap<string, readonly string[]>;
  readonly complete: boolean;
};

/** Commits that evidence names and nothing reaches, then those that only Git's own search finds. */
async function lostOids(request: RescueRequest, run: Run): Promise<Lost> {
  const { health, clock } = request;
  const found = await unreached(health.evidence, { ...request, deadline: clock.now() + budgetMs });
  const oids = new Map<string, string[]>();
  for (const { oids: named = [], path } of health.evidence) {
    for (const oid of named) {
      if (found.oids.has(oid)) oids.set(oid, [...(oids.get(oid) ?? []), path]);
    }
  }
  const words = ["fsck", "--connectivity-only", "--dangling", "--no-reflogs", "--no-progress"];
  const { stdout, code } = await run(words);
  for (const line of stdout.toString("latin1").split("\n")) {
    const oid = /^dangling (?:commit|tag) (?<oid>[0-9a-f]+)$/u.exec(line)?.groups?.["oid"];
    if (oid !== undefined && !oids.has(oid)) oids.set(oid, []);
  }
  return { oids, complete: code !== undefined && code < 128 };
}

const unitSeparator = "\u001f";

/** Give each a ref in the shadow, and read from the commits what they are. */
async function nameTips(shadow: Shadow, run: Run, oids: Lost["oids"]): Promise<LostTip[]> {
  const named = [...oids].map(([oid, namedBy], at) => ({
    ref: `refs/rescue/${at + 1}-${oid.slice(0, 8)}`,
    oid,
    namedBy,
  }));
  const lines = named.map(({ oid, ref }) => `${oid} ${ref}\n`);
  appendFileSync(join(shadow.gitdir, "packed-refs"), lines.join(""));
  const fields = "%(refname)%1f%(creatordate:iso-strict)%1f%(contents:subject)";
  const { stdout } = await run(["for-each-ref", `--format=${fields}`, "refs/rescue"]);
  const told = new Map(
    stdout
      .toString("utf8")
      .split("\n")
      .map((line) => line.split(unitSeparator))
      .map(([ref = "", date = "", subject = ""]) => [ref, { date: date || undefined, subject }]),
  );
  return named.map((tip) => ({
    ...tip,
    ...(told.get(tip.ref) ?? { date: undefined, subject: "" }),
  }));
}

/** What the repository's refs lead to, as far as it is there. */
function presentCommits({ places, health }: RescueRequest): string[] {
  using store = new ObjectStore(inside(places.common, "objects"), health.hashBytes);
  const oids = new Set(health.tips.map(({ oid }) => oid));
  return [...oids].filter((oid) => isCommit(store, oid));
}

type Sorted = Pick<Rescue, "tips" | "left" | "content">;

/**
 * A bundle with all of the history can be fetched into anything. Where the older history is damaged, one that builds upon the
 * repository's refs still holds the newer commits.
 */
async function sortOut(
  run: Run,
  all: readonly LostTip[],
  known: readonly string[],
): Promise<Sorted> {
  const whole = await withObjects(run, all, []);
  if (whole.length === all.length) return { tips: all, left: [], content: "whole" };
  const since = await withObjects(run, all, known);
  const isBetter = since.length > whole.length;
  const tips = isBetter ? since : whole;
  const left = all.filter((tip) => !tips.includes(tip));
  return { tips, left, content: isBetter ? "since-refs" : "whole" };
}

/** Those of which Git finds every object that belongs into the bundle. */
async function withObjects(
  run: Run,
  all: readonly LostTip[],
  known: readonly string[],
): Promise<LostTip[]> {
  const words = ["rev-list", "--objects", "--quiet", "--stdin"];
  const isThere = async (tips: readonly LostTip[]): Promise<boolean> =>
    (await run(words, wanted(tips, known))).code === 0;
  if (await isThere(all)) return [...all];
  const kept: LostTip[] = [];
  for (const tip of all) if (await isThere([tip])) kept.push(tip);
  return kept;
}

/** What a bundle has to hold, as lines for Git: the tips, without what is known anyway. */
function wanted(tips: readonly LostTip[], known: readonly string[]): string {
  const lines = [...tips.map(({ ref }) => ref), ...known.map((oid) => `^${oid}`)];
  return `${lines.join("\n")}\n`;
}

/** A bundle is verified against all refs: one that leads nowhere would make Git give up. */
function keepRefs(shadow: Shadow, tips: readonly LostTip[], bases: readonly string[]): void {
  const lines = [
    ...tips.map(({ oid, ref }) => `${oid} ${ref}\n`),
    ...bases.map((oid, at) => `${oid} refs/snap-bases/${at}\n`),
  ];
  writeFileSync(join(shadow.gitdir, "packed-refs"), lines.join(""));
  writeFileSync(join(shadow.gitdir, "HEAD"), "ref: refs/heads/snap-none\n");
}

type BundlePlan = {
  readonly file: string;
  readonly wanted: string;
  /** Leave the shadow only what the bundle is made of. */
  readonly onlyThese: () => void;
};

/** @throws {SnapError} `refused` where Git does not make it, or does not find it whole */
async function makeBundle(run: Run, plan: BundlePlan): Promise<void> {
  const { file, onlyThese } = plan;
  const create = ["bundle", "create", "--quiet", file, "--stdin"];
  requireSuccess(await run(create, plan.wanted), "made");
  onlyThese();
  requireSuccess(await run(["bundle", "verify", "--quiet", file]), "verified");
  // The shadow takes the objects: each of them is read and hashed.
  requireSuccess(await run(["bundle", "unbundle", file]), "unpacked");
}

function requireSuccess({ end, code, stderr }: ProgramEnd, what: string): void {
  if (end === "exited" && code === 0) return;
  const why = end === "exited" ? (stderr.trim().split("\n").at(-1) ?? `exit code ${code}`) : end;
  throw new SnapError("refused", `The bundle could not be ${what}: ${why}`, {
    hint: "Nothing was written. `snap guard check --deep` tells what is damaged.",
  });
}
