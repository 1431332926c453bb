import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type {
  ChangedUnit,
  RefChange,
  Standing,
  UnitDifference,
} from "../core/snapshot/unit-changes.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { parseRelPath } from "../core/path/rel-path.ts";
import { parseHead, parsePackedRefs } from "../guard/git-text.ts";
import type { SnapshotStore } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";

/** The most that is read of a list of refs, and of one ref. */
const listBytesMax = 16 * 1024 * 1024;
const refBytesMax = 4096;

/** Loose refs that are read of one repository on one side: of more only the parts that differ are told. */
const refsMax = 10_000;

/** The snapshots that a repository is looked at in. */
export type UnitSides = {
  readonly store: SnapshotStore;
  readonly from: SnapshotRoot;
  readonly to: SnapshotRoot;
};

/** How a repository differs between two snapshots, by what its files say in them (N43). @throws {SnapError} `damaged`; `interrupted` */
export async function unitDifference(
  { store, from, to }: UnitSides,
  unit: ChangedUnit,
  work: Work,
): Promise<UnitDifference> {
  const before = await picture({ store, root: from, unit }, work);
  const after = await picture({ store, root: to, unit }, work);
  const isSame =
    before.head.branch === after.head.branch && before.head.commit === after.head.commit;
  return {
    ...unit,
    change: "unit",
    ...(isSame ? {} : { head: { from: before.head, to: after.head } }),
    refs: refChanges(before.refs, after.refs),
  };
}

type Picture = { readonly head: Standing; readonly refs: ReadonlyMap<string, string> };

type Side = {
  readonly store: SnapshotStore;
  readonly root: SnapshotRoot;
  readonly unit: ChangedUnit;
};

async function picture(side: Side, work: Work): Promise<Picture> {
  return side.unit.vcs === "git" ? await gitPicture(side, work) : await hgPicture(side);
}

async function gitPicture(side: Side, work: Work): Promise<Picture> {
  const refs = new Map(parsePackedRefs((await textAt(side, "packed-refs", listBytesMax)) ?? ""));
  const { store, root, unit } = side;
  let count = 0;
  for await (const entry of store.entries(root.id, parseRelPath(`${unit.path}/refs`))) {
    throwIfAborted(work.signal);
    if (entry.type !== "file") continue;
    count += 1;
    if (count > refsMax) break;
    const bytes = await bytesOf(store, entry, refBytesMax);
    const name = entry.path.slice(unit.path.length + 1);
    if (bytes !== undefined) refs.set(name, bytes.toString().trim());
  }
  const head = parseHead((await textAt(side, "HEAD", refBytesMax)) ?? "");
  return { head: standingOf(head, refs), refs: count > refsMax ? new Map() : refs };
}

function standingOf(
  head: ReturnType<typeof parseHead>,
  refs: ReadonlyMap<string, string>,
): Standing {
  if (head === undefined) return {};
  if (head.kind === "oid") return { commit: head.oid };
  const commit = refs.get(head.ref);
  const branch = head.ref.replace(/^refs\/heads\//u, "");
  return { branch, ...(commit === undefined ? {} : { commit }) };
}

/** Of Mercurial the branch and the bookmarks are text, and the dirstate begins with the commit that is checked out. */
async function hgPicture(side: Side): Promise<Picture> {
  const branch = (await textAt(side, "branch", refBytesMax))?.trim();
  const lists = ["bookmarks", "store/bookmarks"].map((name) => textAt(side, name, listBytesMax));
  const text = (await Promise.all(lists)).find((each) => each !== undefined) ?? "";
  const refs = new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const [, node = "", name = ""] = /^([0-9a-f]{40}) (.+)$/u.exec(line) ?? [];
      return name === "" ? [] : [[name, node]];
    }),
  );
  const commit = parentOf(await bytesAt(side, "dirstate", listBytesMax));
  const head = {
    ...(branch === undefined || branch === "" ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
  };
  return { head, refs };
}

/** The first parent in a dirstate (`hg help internals.dirstate-v2`); undefined for none. */
function parentOf(dirstate: Buffer | undefined): string | undefined {
  if (dirstate === undefined || dirstate.length < 40) return undefined;
  const marker = "dirstate-v2\n";
  const start = dirstate.toString("latin1", 0, marker.length) === marker ? marker.length : 0;
  const node = dirstate.toString("hex", start, start + 20);
  return /^0*$/u.test(node) ? undefined : node;
}

async function textAt(side: Side, name: string, bytesMax: number): Promise<string | undefined> {
  return (await bytesAt(side, name, bytesMax))?.toString();
}

/** Undefined where there is no such file, or none that can be read. */
async function bytesAt(
  { store, root, unit }: Side,
  name: string,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const path = parseRelPath(`${unit.path}/${name}`);
  for await (const entry of store.entries(root.id, path))
    return entry.path === path ? await bytesOf(store, entry, bytesMax) : undefined;
  return undefined;
}

async function bytesOf(
  store: SnapshotStore,
  entry: SnapshotEntry,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const { type, blocks, size = 0 } = entry;
  if (type !== "file" || blocks === undefined || size > bytesMax) return undefined;
  return Buffer.concat(await Array.fromAsync(store.open(entry)));
}

function refChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly RefChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.flatMap((name) => {
    const [from, to] = [before.get(name), after.get(name)];
    if (from === to) return [];
    return [{ name, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  });
}
