import { atOnce, type Steps } from "../std/steps.ts";
import { conflictedRefs } from "../core/repo/conflict-names.ts";
import { isRefName, isUnclearRefName } from "../core/repo/ref-name.ts";
import { readHead } from "./gitdir.ts";
import { parseHead, parseLooseRef, parsePackedRefs } from "./git-text.ts";
import { listNames } from "./open-file.ts";
import { linkedRef, refBytesMax, walkRefs, type LooseEntry } from "./loose-refs.ts";
import { inside, kindAt, readStart, readWhole, type Bytes } from "./read-only.ts";
import { refOrigins } from "./ref-origin.ts";

/** Where a repository's own state is, and what it shares with its worktrees. */
export type GitPlaces = { readonly gitdir: Bytes; readonly common: Bytes };

/** Object ids by the full names of refs. */
export type Refs = ReadonlyMap<string, string>;

/** What was read of a repository's refs. */
export type RefsRead = {
  /** Names that Git accepts. A symbolic ref stands with the object of its target. */
  readonly refs: Refs;
  /** False where one could not be read or understood: no number may rest on them (G36). */
  readonly complete: boolean;
  /** Commits at which a work tree of the repository stands without a branch: no ref may lead to them. */
  readonly detached: readonly string[];
};

/** Bounds of what is read of one repository; beyond them a number is not computed. */
const packedBytesMax = 16 * 1024 * 1024;
const refsMax = 100_000;
const symbolicDepthMax = 5;

type Reading = {
  readonly refs: Map<string, string>;
  readonly symbolic: Map<string, string>;
  readonly loose: Set<string>;
  complete: boolean;
};

/**
 * Every ref that is stored in files (G30): the packed ones, over them the loose ones of the repository, and those of one
 * worktree. A file whose name is no name of a ref is none, nor is a conflicted copy (G42); one that has a name and cannot be understood,
 * or a name that is no UTF-8, makes all incomplete.
 */
export function readRefs(places: GitPlaces): RefsRead {
  return atOnce(refsInSteps(places));
}

/** The same in steps: of a repository of ten thousand refs it takes a while (N61). */
export function* refsInSteps({ gitdir, common }: GitPlaces): Steps<RefsRead> {
  const reading: Reading = {
    refs: new Map(),
    symbolic: new Map(),
    loose: new Set(),
    complete: true,
  };
  readPacked(common, reading);
  yield* readLoose(common, "refs", reading);
  if (!gitdir.equals(common)) {
    for (const own of ["refs/bisect", "refs/worktree", "refs/rewritten"]) {
      if (kindAt(inside(gitdir, own)) === "folder") yield* readLoose(gitdir, own, reading);
    }
  }
  for (const [name, target] of reading.symbolic) {
    const oid = follow(target, reading);
    if (oid !== undefined) reading.refs.set(name, oid);
  }
  const isLoose = (name: string): boolean => reading.loose.has(name);
  const { copies } = conflictedRefs(reading.refs, refOrigins(common, isLoose));
  for (const name of copies) reading.refs.delete(name);
  return { refs: reading.refs, complete: reading.complete, detached: detachedHeads(common) };
}

/** Where linked work trees stand without a branch, by the names of their folders below `worktrees`. */
export function detachedWorktrees(common: Bytes): readonly { name: string; oid: string }[] {
  return listNames(inside(common, "worktrees"))
    .toSorted()
    .flatMap((name) => {
      const head = readHead(inside(common, `worktrees/${name}`));
      return head?.kind === "oid" ? [{ name, oid: head.oid }] : [];
    });
}

function detachedHeads(common: Bytes): readonly string[] {
  const own = readHead(common);
  const linked = detachedWorktrees(common).map(({ oid }) => oid);
  return [...new Set([...(own?.kind === "oid" ? [own.oid] : []), ...linked])];
}

/**
 * One ref by its full name, with two small reads (G49): its own file wins over the packed refs. Without an id where neither has it,
 * as before the first commit; undefined where that cannot be told, as for a ref that leads to another.
 */
export function readRef(common: Bytes, name: string): { readonly oid?: string } | undefined {
  if (!isRefName(name)) return undefined;
  const path = inside(common, name);
  const loose = readStart(path, refBytesMax);
  if (loose !== undefined) return withOid(parseLooseRef(loose), undefined);
  // A folder is there where other refs begin so.
  if (![undefined, "folder"].includes(kindAt(path))) return undefined;
  const packedPath = inside(common, "packed-refs");
  if (kindAt(packedPath) === undefined) return {};
  const packed = readWhole(packedPath, packedBytesMax)?.bytes.toString("utf8");
  return packed === undefined ? undefined : withOid(parsePackedRefs(packed).get(name), {});
}

function withOid<T>(oid: string | undefined, otherwise: T): { readonly oid: string } | T {
  return oid === undefined ? otherwise : { oid };
}

function follow(target: string, { refs, symbolic }: Reading): string | undefined {
  let name: string | undefined = target;
  for (let depth = 0; name !== undefined && depth < symbolicDepthMax; depth += 1) {
    const oid = refs.get(name);
    if (oid !== undefined) return oid;
    name = symbolic.get(name);
  }
  return undefined;
}

function readPacked(common: Bytes, reading: Reading): void {
  const path = inside(common, "packed-refs");
  if (kindAt(path) === undefined) return;
  const packed = readWhole(path, packedBytesMax);
  if (packed === undefined) reading.complete = false;
  for (const [name, oid] of parsePackedRefs(packed?.bytes.toString("utf8") ?? "")) {
    if (isRefName(name)) reading.refs.set(name, oid);
    else if (isUnclearRefName(name)) reading.complete = false;
  }
}

/** Loose refs win over packed ones. */
function* readLoose(base: Bytes, top: string, reading: Reading): Steps<void> {
  const isWhole = yield* walkRefs(base, top, (found) => {
    if (found.entry.kind === "folder") return undefined;
    if (isRefName(found.path)) readOne(found, reading);
    else if (isUnclearRefName(found.path)) reading.complete = false;
    return reading.refs.size > refsMax ? "stop" : undefined;
  });
  if (!isWhole) reading.complete = false;
}

function readOne({ entry, place, path }: LooseEntry, reading: Reading): void {
  const isLink = entry.kind === "symlink";
  const text = isLink ? linkedRef(place) : readStart(place, refBytesMax);
  const oid = text === undefined ? undefined : parseLooseRef(text);
  if (oid !== undefined) {
    reading.refs.set(path, oid);
    reading.loose.add(path);
    return;
  }
  const target = text?.startsWith("ref:") === true ? parseHead(text) : undefined;
  if (target?.kind !== "ref") reading.complete = false;
  else {
    reading.refs.delete(path);
    reading.symbolic.set(path, target.ref);
  }
}
