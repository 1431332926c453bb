import { mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { SnapError } from "../std/error.ts";
import { shadowPlaces } from "./connectivity.ts";
import { lookAt } from "./examine.ts";
import type { Flush } from "./durable.ts";
import type { GitPlaces } from "./git-refs.ts";
import { Keeper, type KeptRef } from "./keeper.ts";
import { inside, kindAt, type Bytes } from "./read-only.ts";
import { walkFrom } from "./reachability.ts";
import type { ProgramEnd } from "./run-program.ts";
import { openShadow, type GitBinary, type Shadow, type ShadowOptions } from "./shadow-git.ts";
import { Unproven } from "./unproven.ts";

/** Whose commits are to be kept, and where. */
export type KeepRequest = ShadowOptions & {
  /** Gitdir of a repository of ours that was checked before (`checkUnit`); it is written to. */
  readonly staged: Bytes;
  /** The repository that is about to be replaced; only read. */
  readonly present: GitPlaces;
  /** Of the restore: becomes a part of the refs' names. */
  readonly id: string;
  /** undefined where there is none: then nothing can be kept. */
  readonly git: GitBinary | undefined;
  /** ms since 1970. */
  readonly deadline: number;
  /** By which what is written becomes durable; `fsync` where it is not given. */
  readonly flush?: Flush | undefined;
};

/** What came of it. */
export type Keeping = {
  readonly kept: readonly KeptRef[];
  /** Names of the present repository whose history lacks objects there: they are kept by nothing. */
  readonly left: readonly string[];
};

const nothing: Keeping = { kept: [], left: [] };

const outputBytesMax = 16 * 1024 * 1024;

/**
 * Bring the commits and stashes that only the present repository has into the staged one, below `refs/snap/before/<id>/` (G53).
 * Git runs in shadows of the two (G33), never in one of them: nothing that either configures is run, and of the present one nothing
 * changes. Refs are written last, after Git found everything that they lead to. What is written is durable when this is done, each
 * file before what leads to it.
 *
 * @throws {Unproven} with the reason where it cannot be done; {SnapError} `interrupted`. Then no ref was written.
 */
export async function keepCommits(request: KeepRequest): Promise<Keeping> {
  const { staged, present, id, git, clock, deadline } = request;
  if (!/^[0-9A-Za-z](?:[0-9A-Za-z_-]{0,62}[0-9A-Za-z])?$/u.test(id)) {
    throw new SnapError("usage", "A restore has a name of letters, digits and hyphens");
  }
  if (git === undefined) throw new Unproven("no-git");
  requirePlain(staged, id);
  const look = { clock, deadline, host: "" };
  const here = {
    places: present,
    health: await lookAt({ places: present, withCommon: true }, look),
  };
  const places = { gitdir: staged, common: staged };
  const there = { places, health: await lookAt({ places, withCommon: true }, look) };
  requireLike(here.health, there.health);
  if (here.health.integrity.tips.checked !== "all") throw new Unproven("refs-not-read");
  const wanted = await missingTips(here, there, request);
  if (wanted.length === 0) return nothing;
  await using source = await openShadow(git, shadowPlaces(here), request);
  await using target = await openShadow(git, shadowPlaces(there), request);
  const known = await sharedTips(source, there.health.tips, request);
  const whole = await wholeTips(source, { wanted, known }, request);
  const left = wanted.filter((tip) => !whole.includes(tip)).map(({ name }) => name);
  if (whole.length === 0) return { kept: [], left };
  const oids = whole.map(({ oid }) => oid);
  const files = await pack(source, { oids, known }, request);
  const keeper = new Keeper(request);
  try {
    await keeper.addPack(files);
    await requireWhole(target, oids, request);
    return { kept: await keeper.writeRefs(whole), left };
  } catch (error) {
    keeper.takeBack();
    throw error;
  }
}

type Side = Pick<Parameters<typeof walkFrom>[0], "places" | "health">;
type Health = Side["health"];
type Wanted = Health["tips"];

const plainFolders = ["objects", "objects/pack", "refs", "refs/snap", "refs/snap/before"] as const;
const mayBeNew: ReadonlySet<string> = new Set(plainFolders.slice(3).concat("objects/pack"));

/** What a snapshot made a link may lead out of the staged folder: nothing is written through it. */
function requirePlain(staged: Bytes, id: string): void {
  for (const name of plainFolders) {
    const kind = kindAt(inside(staged, name));
    const isFine = kind === "folder" || (kind === undefined && mayBeNew.has(name));
    if (!isFine) throw new Unproven("staged-not-plain");
  }
  if (kindAt(inside(staged, `refs/snap/before/${id}`)) !== undefined) {
    throw new Unproven("kept-before");
  }
}

function requireLike(here: Health, there: Health): void {
  if (here.hashBytes !== there.hashBytes) throw new Unproven("object-format");
  if (here.isReftable || there.isReftable) throw new Unproven("reftable");
}

/** Tips of the present repository that no ref of the staged one leads to. More than needed does no harm. */
async function missingTips(here: Side, there: Side, request: KeepRequest): Promise<Wanted> {
  const { clock, deadline } = request;
  const watch = { now: () => clock.now(), deadline };
  const tips = there.health.tips.map(({ oid }) => oid);
  const { reached } = await walkFrom(there, { tips, what: "commits", watch });
  const kept = new Set<string>([...tips, ...reached]);
  const missing = here.health.tips.filter(({ oid }) => !kept.has(oid));
  const branches = missing.filter(isBranch);
  for (const { oid } of branches) kept.add(oid);
  // Of other names one is enough: that of `HEAD` is mostly a branch's, that of the stash is `stash@{0}`, too.
  const others = missing.filter((tip) => {
    if (kept.has(tip.oid)) return false;
    kept.add(tip.oid);
    return true;
  });
  return [...branches, ...others];
}

function isBranch({ name }: Wanted[number]): boolean {
  return name.startsWith("refs/heads/");
}

/** Tips of the staged repository that the present one has, too. */
async function sharedTips(shadow: Shadow, tips: Wanted, request: KeepRequest): Promise<string[]> {
  const oids = [...new Set(tips.map(({ oid }) => oid))];
  const end = await run(shadow, request, { words: ["cat-file", "--batch-check"], lines: oids });
  if (end.code !== 0) return [];
  return end.stdout
    .toString("latin1")
    .split("\n")
    .flatMap((line) => /^([0-9a-f]+) (?:commit|tag) /u.exec(line)?.[1] ?? []);
}

type Choice = { readonly wanted: Wanted; readonly known: readonly string[] };

/** Those of which the present repository has every object. */
async function wholeTips(
  shadow: Shadow,
  { wanted, known }: Choice,
  request: KeepRequest,
): Promise<Wanted> {
  const words = ["rev-list", "--objects", "--quiet", "--stdin"];
  const isWhole = async (tips: Wanted): Promise<boolean> => {
    const lines = [...tips.map(({ oid }) => oid), ...known.map((oid) => `^${oid}`)];
    const { end, code } = await run(shadow, request, { words, lines });
    if (end !== "exited") throw new Unproven(end);
    return code === 0;
  };
  if (await isWhole(wanted)) return wanted;
  const whole: Wanted[number][] = [];
  for (const tip of wanted) if (await isWhole([tip])) whole.push(tip);
  return whole;
}

type Cut = { readonly oids: readonly string[]; readonly known: readonly string[] };

/** @returns the path of the pack and its index, without their endings */
async function pack(shadow: Shadow, { oids, known }: Cut, request: KeepRequest): Promise<string[]> {
  const folder = join(dirname(shadow.gitdir), "kept");
  mkdirSync(folder);
  const lines = [...oids, ...known.map((oid) => `^${oid}`)];
  const words = ["pack-objects", "--quiet", "--revs", join(folder, "pack")];
  const { end, code } = await run(shadow, request, { words, lines });
  if (code !== 0) throw new Unproven(end === "exited" ? "objects-not-read" : end);
  return readdirSync(folder)
    .filter((name) => /^pack-[0-9a-f]+\.(?:pack|idx)$/u.test(name))
    .toSorted((a, b) => (a < b ? 1 : -1))
    .map((name) => join(folder, name));
}

/** Everything that the tips lead to is in the staged repository now. */
async function requireWhole(
  shadow: Shadow,
  oids: readonly string[],
  request: KeepRequest,
): Promise<void> {
  const words = ["rev-list", "--objects", "--quiet", "--stdin"];
  const { end, code } = await run(shadow, request, { words, lines: oids });
  if (code !== 0) throw new Unproven(end === "exited" ? "objects-missing" : end);
}

/** Words for Git, and lines for its input. */
type Question = { readonly words: readonly string[]; readonly lines: readonly string[] };

async function run(
  shadow: Shadow,
  { deadline }: KeepRequest,
  { words, lines }: Question,
): Promise<ProgramEnd> {
  const input = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const end = await shadow.run(words, { bytesMax: outputBytesMax, deadline, input });
  if (end.end === "interrupted") throw new SnapError("interrupted", "Interrupted");
  return end;
}
