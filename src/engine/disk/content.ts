import type { RelPath } from "../../core/path/rel-path.ts";
import type { LocalEntry, NodeId, SyncedEntry } from "../../core/tree/node.ts";
import { descendants, pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import type { Findings, Loose } from "./findings.ts";
import { rowOf } from "./write.ts";
import { readContent } from "./read-content.ts";

/** Stands in for the node of what has none yet. */
const noNode: NodeId = -1;

/**
 * Where the file system has no file ids: one file that disappeared and one that appeared, of equal size and content, each
 * unique, are one (S19, 5). What appeared has its row already, and is read here if its size is that of one that
 * disappeared.
 */
export async function pairByContent(
  deps: EngineDeps,
  findings: Findings,
  work: Work,
): Promise<void> {
  if (!findings.withoutIds || findings.missed.size === 0) return;
  const gone = Map.groupBy(disappeared(deps.index, findings), ({ size }) => size);
  if (gone.size === 0) return;
  const appeared: Appeared[] = [];
  for (const one of appearedFiles(deps.index, findings)) {
    if (!gone.has(one.row.size)) continue;
    throwIfAborted(work.signal);
    const row = await contentOf(deps, one, work);
    if (row !== undefined) appeared.push({ ...one, row });
  }
  const lost = Map.groupBy([...gone.values()].flat(), contentKey);
  const found = Map.groupBy(appeared, ({ row }) => contentKey(row));
  for (const [content, [one, ...others]] of found) {
    const [entry, ...twins] = lost.get(content) ?? [];
    if (one === undefined || entry === undefined || others.length + twins.length > 0) continue;
    join(deps.index, one, entry.node);
    findings.missed.delete(entry.node);
  }
}

/** A file without a file id that is in no agreement: it has its row, or is a loose end. */
type Appeared = {
  readonly row: LocalEntry;
  readonly path: RelPath;
  readonly loose: Loose | undefined;
};

function* appearedFiles(index: IndexStore, findings: Findings): Generator<Appeared> {
  const { local, synced } = index;
  for (const loose of findings.loose) {
    const { folder, stat, node } = loose;
    const parent = folder.node;
    if (stat.kind !== "file" || stat.fileId !== "" || node !== undefined) continue;
    if (parent === undefined) continue;
    const row = rowOf({ node: noNode, parent, stat, before: undefined });
    yield { row, path: folder.pathOf(stat.name), loose };
  }
  for (const row of local.all()) {
    const isNameless = row.kind === "file" && row.fileId === "";
    if (!isNameless || findings.missed.has(row.node)) continue;
    if (synced.get(row.node) !== undefined) continue;
    const path = pathOf(local, row.node);
    if (path !== undefined) yield { row, path, loose: undefined };
  }
}

/** Synced files that were on the disk and are not, where a missing name proves something. */
function* disappeared({ local, synced }: IndexStore, findings: Findings): Generator<SyncedEntry> {
  for (const [node, { folder }] of findings.missed) {
    if (folder.isClouded) continue;
    const top = local.get(node);
    if (top === undefined) continue;
    const rows = top.kind === "folder" ? descendants(local, node) : [top];
    for (const row of rows) {
      const entry = row.kind === "file" ? synced.get(row.node) : undefined;
      if (entry !== undefined) yield entry;
    }
  }
}

async function contentOf(
  deps: EngineDeps,
  { row, path }: Appeared,
  work: Work,
): Promise<LocalEntry | undefined> {
  if (row.hash !== undefined && row.trusted) return row;
  const read = await readContent(deps, { row, path }, work);
  return "left" in read ? undefined : read;
}

/** What appeared becomes the node that disappeared. */
function join(index: IndexStore, { row, loose }: Appeared, node: NodeId): void {
  if (loose !== undefined) {
    loose.node = node;
    return;
  }
  index.transaction(() => {
    index.local.remove(row.node);
    index.local.put({ ...row, node, absentAt: undefined });
  });
}

function contentKey({ size, hash }: Pick<LocalEntry, "size" | "hash">): string {
  return `${size} ${hash}`;
}
