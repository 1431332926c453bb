import { joinPath, parseRelPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { placedLine, textOfLine } from "../core/snapshot/entry-sorter.ts";
import type { RemoteChange, RemoteItem } from "../core/tree/remote-item.ts";
import { LineSorter, type MakeSpool } from "../std/line-sorter.ts";

/** A file or folder at the end of a listing. */
export type ListedItem = Pick<
  RemoteItem,
  "kind" | "path" | "name" | "remoteId" | "rev" | "hash" | "size" | "modified"
> & { readonly reason?: never };

/** The same, or what no snapshot can hold, with the reason. */
export type ListedPlace = ListedItem | { readonly path: string; readonly reason: string };

/** One line of a listing; later ones have higher numbers. */
type Told = {
  readonly key: string;
  readonly number: number;
  readonly item?: ListedItem;
  readonly refused?: { readonly path: string; readonly reason: string };
};

/** A place that lies above those that follow, or is the one itself. */
type Above = {
  readonly key: string;
  /** Where it is, if it is a folder now. */
  path: RelPath | undefined;
  readonly isFile: boolean;
  /** Number of the line that took away everything below that was told before it. */
  readonly emptiedAt: number;
};

/**
 * What a listing leaves at its end (S31), in bounded memory: lines are sorted by place, and of each place the last one counts. A
 * removal, or a file, takes away what was told before of everything below it; a folder that was not told is there all the same.
 */
export class ListedPlaces implements Disposable {
  readonly #lines: LineSorter;
  #count = 0;
  #restartedAt = 0;

  constructor(makeSpool: MakeSpool, charsMax?: number) {
    this.#lines = new LineSorter(makeSpool, charsMax);
  }

  get count(): number {
    return this.#count;
  }

  add(change: RemoteChange): void {
    this.#count += 1;
    const told = toldBy(change);
    const number = this.#count;
    this.#lines.add(placedLine(told.key, { number, text: JSON.stringify({ ...told, number }) }));
  }

  /** The listing begins anew: what was told before does not count (S34). */
  restart(): void {
    this.#restartedAt = this.#count;
  }

  /** Folders come before what is in them. */
  *alive(): Generator<ListedPlace> {
    const top: Above = { key: "", path: topPath, isFile: false, emptiedAt: this.#restartedAt };
    const above: Above[] = [top];
    for (const group of groupsOf(this.#lines.sorted())) {
      const { key } = group[0];
      while (above.length > 1 && !key.startsWith(`${above.at(-1)?.key}/`)) above.pop();
      const { emptiedAt } = above.at(-1) ?? top;
      const last = lastOf(group, emptiedAt);
      const place: Above = { key, path: undefined, ...last };
      above.push(place);
      if (last.refused !== undefined) yield last.refused;
      if (last.item !== undefined) yield* itemAt(above, last.item);
    }
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

function toldBy(change: RemoteChange): Omit<Told, "number"> {
  switch (change.change) {
    case "present": {
      const { keys, kind, path, name, remoteId, rev, hash, size, modified } = change.item;
      const item = { kind, path, name, remoteId, rev, hash, size, modified };
      return { key: keys.join("/"), item };
    }
    case "removed":
      return { key: change.keys.join("/") };
    case "refused": {
      const { path, reason, place = path } = change;
      return { key: place, refused: { path, reason: `Left in Dropbox: ${reason}` } };
    }
  }
}

/** Lines of one place, in the order in which they came. */
function* groupsOf(lines: Iterable<string>): Generator<readonly [Told, ...Told[]]> {
  let group: [Told, ...Told[]] | undefined;
  for (const line of lines) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `add`, into a file that nobody else can open
    const told = JSON.parse(textOfLine(line)) as Told;
    if (group?.[0].key === told.key) {
      group.push(told);
      continue;
    }
    if (group !== undefined) yield group;
    group = [told];
  }
  if (group !== undefined) yield group;
}

type Last = Pick<Told, "item" | "refused"> & Pick<Above, "isFile" | "emptiedAt">;

function lastOf(group: readonly Told[], emptiedAbove: number): Last {
  let last: Last = { isFile: false, emptiedAt: emptiedAbove };
  for (const { number, item, refused } of group) {
    if (number <= emptiedAbove) continue;
    const isFile = item?.kind === "file";
    const isRemoved = item === undefined && refused === undefined;
    const emptiedAt = isFile || isRemoved ? number : last.emptiedAt;
    last = {
      isFile,
      emptiedAt,
      ...(item !== undefined && { item }),
      ...(refused !== undefined && { refused }),
    };
  }
  return last;
}

/**
 * An item at its place, which is the last of those above, behind folders that were not told. Only its own name is sure to be in the
 * right case (S35): those above have the names that they were listed with.
 */
function* itemAt(above: Above[], item: ListedItem): Generator<ListedPlace> {
  const place = above.at(-1);
  if (place === undefined) return;
  const names = item.path.split("/");
  const keys = place.key.split("/");
  let parent: RelPath = topPath;
  for (const [depth, name] of names.slice(0, -1).entries()) {
    const key = keys.slice(0, depth + 1).join("/");
    const there = above.find((one) => one.key === key);
    if (there?.isFile === true) {
      yield { path: item.path, reason: "Left in Dropbox: it is listed below a file" };
      return;
    }
    if (there?.path === undefined) {
      const path = joinPath(parent, parseRelPath(name));
      yield { ...untold, path, name };
      // Nothing was told of it: what is above it counts for it.
      const emptiedAt = above.at(-2)?.emptiedAt ?? 0;
      if (there === undefined) above.splice(-1, 0, { key, path, isFile: false, emptiedAt });
      else there.path = path;
      parent = path;
    } else parent = there.path;
  }
  const path = joinPath(parent, parseRelPath(item.name));
  if (item.kind === "folder") place.path = path;
  yield { ...item, path };
}

const untold = { kind: "folder", remoteId: "", rev: "", hash: "", size: 0, modified: 0 } as const;
