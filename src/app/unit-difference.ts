import type { RelPath } from "../core/path/rel-path.ts";
import type { ChangedUnit, Standing, UnitDifference } from "../core/snapshot/unit-changes.ts";
import { parseHead } from "../guard/git-text.ts";
import type { Work } from "../std/events.ts";
import { entryIn, type UnitFiles } from "./unit-files.ts";
import {
  compareGitRefs,
  listBytesMax,
  packedRefs,
  refBytesMax,
  refChanges,
  type PackedSides,
  type RefsCompared,
  type UnitSides,
} from "./unit-refs.ts";

/** Where a repository stood and stands, and its refs. */
type Compared = RefsCompared & { readonly before: Standing; readonly after: Standing };

/** How a repository differs between two sides, by what its files say there (N43). @throws {SnapError} `damaged`; `interrupted` */
export async function unitDifference(
  sides: Omit<UnitSides, "unit">,
  unit: ChangedUnit,
  work: Work,
): Promise<UnitDifference> {
  const both = { ...sides, unit: unit.path };
  const compared = unit.vcs === "git" ? await compareGit(both, work) : await compareHg(both);
  const { before, after, refs, notRead } = compared;
  const isSame = before.branch === after.branch && before.commit === after.commit;
  return {
    ...unit,
    change: "unit",
    ...(isSame ? {} : { head: { from: before, to: after } }),
    refs,
    ...(notRead === 0 ? {} : { refsNotRead: notRead }),
  };
}

/** Whether a file of a repository is read by `unitDifference`. */
export function isTold(vcs: "git" | "hg", name: string): boolean {
  if (vcs === "git") return name === "HEAD" || name === "packed-refs" || name.startsWith("refs/");
  return name === "branch" || name === "dirstate" || bookmarkFiles.includes(name);
}

async function compareGit(sides: UnitSides, work: Work): Promise<Compared> {
  const { from, to, unit } = sides;
  const packed: PackedSides = {
    from: await packedRefs(from, unit),
    to: await packedRefs(to, unit),
  };
  return {
    before: await gitStanding(from, unit, packed.from),
    after: await gitStanding(to, unit, packed.to),
    ...(await compareGitRefs({ ...sides, packed }, work)),
  };
}

async function gitStanding(
  files: UnitFiles,
  unit: RelPath,
  packed: ReadonlyMap<string, string> | undefined,
): Promise<Standing> {
  const head = parseHead((await textIn({ files, unit }, "HEAD", refBytesMax)) ?? "");
  if (head === undefined) return {};
  if (head.kind === "oid") return { commit: head.oid };
  const loose = await textIn({ files, unit }, head.ref, refBytesMax);
  const commit = loose?.trim() ?? packed?.get(head.ref);
  const branch = head.ref.replace(/^refs\/heads\//u, "");
  return { branch, ...(commit === undefined ? {} : { commit }) };
}

const bookmarkFiles: readonly string[] = ["bookmarks", "store/bookmarks"];

/** Of Mercurial the branch and the bookmarks are text, and the dirstate begins with the commit that is checked out. */
async function compareHg({ from, to, unit }: UnitSides): Promise<Compared> {
  const before = { files: from, unit };
  const after = { files: to, unit };
  return {
    before: await hgStanding(before),
    after: await hgStanding(after),
    refs: refChanges(await bookmarksIn(before), await bookmarksIn(after)),
    notRead: 0,
  };
}

type Side = { readonly files: UnitFiles; readonly unit: RelPath };

async function hgStanding(side: Side): Promise<Standing> {
  const branch = (await textIn(side, "branch", refBytesMax))?.trim();
  const commit = parentOf(await bytesIn(side, "dirstate", listBytesMax));
  return {
    ...(branch === undefined || branch === "" ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
  };
}

async function bookmarksIn(side: Side): Promise<ReadonlyMap<string, string>> {
  const lists = await Promise.all(bookmarkFiles.map((name) => textIn(side, name, listBytesMax)));
  const text = lists.find((each) => each !== undefined) ?? "";
  return new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const [, node = "", name = ""] = /^([0-9a-f]{40}) (.+)$/u.exec(line) ?? [];
      return name === "" ? [] : [[name, node]];
    }),
  );
}

/** The first parent in a dirstate (`hg help internals.dirstate-v2`); undefined for none. */
function parentOf(dirstate: Buffer | undefined): string | undefined {
  if (dirstate === undefined || dirstate.length < 40) return undefined;
  const marker = "dirstate-v2\n";
  const start = dirstate.toString("latin1", 0, marker.length) === marker ? marker.length : 0;
  const node = dirstate.toString("hex", start, start + 20);
  return /^0*$/u.test(node) ? undefined : node;
}

async function textIn(side: Side, name: string, bytesMax: number): Promise<string | undefined> {
  return (await bytesIn(side, name, bytesMax))?.toString();
}

/** Undefined where there is no such file, or none that can be read. */
async function bytesIn(
  { files, unit }: Side,
  name: string,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const entry = await entryIn(files, unit, name);
  return entry === undefined ? undefined : await files.bytes(entry, bytesMax);
}
