import { pathKeyOf } from "../../core/path/path-key.ts";
import { compareBytes } from "../../core/path/rel-path.ts";
import { throwIfAborted } from "../../std/error.ts";
import { turn } from "../../std/turn.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import { bareLeftover } from "./bare-leftover.ts";
import { allOf, isOnly, noCandidates, PlacesIn } from "./known-nodes.ts";
import { Contest, type Contender } from "./contest.ts";
import type { WalkDeps } from "./findings.ts";
import type { Folder } from "./folder.ts";
import { noteMissed } from "./missed.ts";
import { RowsIn } from "./rows-in.ts";
import { rowOf } from "./write.ts";
import { lookInto, type FolderLook } from "./scan.ts";

/** Entries that are looked at in a row; the rest of the program has a turn after them. */
const entriesInARow = 1_000;

/**
 * Walk over folders against their rows (S23). What is as it was leaves nothing; what is surely new, and what was
 * changed at its place, becomes rows at once; the rest are the loose ends of `findings`.
 *
 * Identity goes before place (S19). A folder whose identity is unknown, and at whose place a known one stood, waits until
 * everything else was seen, since the known one may have been moved (`Contest`).
 */
export class LocalWalk {
  readonly #deps: WalkDeps;
  readonly #contest: Contest;
  /** Nothing waits any more: a contested place is decided where it is met. */
  #isLast = false;
  #pending: Folder[] = [];
  #seen = 0;
  #turns = 0;

  constructor(deps: WalkDeps) {
    this.#deps = deps;
    this.#contest = new Contest(deps);
  }

  /** @param start folders to read, with everything below that is in them */
  async from(start: readonly Folder[]): Promise<void> {
    this.#pending = start.toReversed();
    await this.#walk();
    this.#deps.rows.flush();
    this.#isLast = true;
    const found = await this.#contest.decideAll();
    this.#pending = found.toReversed();
    await this.#walk();
    this.#deps.rows.flush();
  }

  async #walk(): Promise<void> {
    const { work } = this.#deps;
    for (let folder = this.#pending.pop(); folder !== undefined; folder = this.#pending.pop()) {
      await this.#giveTurn();
      throwIfAborted(work.signal);
      const below = await this.#visit(folder);
      for (const one of below.toReversed()) this.#pending.push(one);
      const none = { total: undefined, bytes: 0, bytesTotal: undefined };
      work.onProgress?.({ step: "scan", done: this.#seen, ...none });
    }
  }

  async #giveTurn(): Promise<void> {
    const due = Math.floor(this.#seen / entriesInARow);
    if (due === this.#turns) return;
    this.#turns = due;
    await turn();
  }

  /** @returns the folders in it that are to be read. */
  async #visit(folder: Folder): Promise<readonly Folder[]> {
    const { looker, findings } = this.#deps;
    if (folder.start !== undefined && !this.#mayStart(folder)) return [];
    const look = await lookInto(looker, folder.path);
    this.#seen += look.inside.length;
    findings.notes.read(folder.path, folderNames(look));
    if (look.isWorkTree) findings.notes.noteOf(folder).workTrees.push(folder.path);
    if (look.shut !== undefined) {
      this.#close(folder, look);
      return [];
    }
    folder.isClouded = look.isClouded;
    if (look.isClouded) findings.clouded.push(folder.path);
    if (look.left.length > 0) findings.notes.noteOf(folder).left.push(...look.left);
    this.#noteForeign(folder, look);
    return folder.node === undefined
      ? await this.#visitNew(folder, look)
      : await this.#visitKnown({ folder, node: folder.node, look });
  }

  /** Where the look starts may be shut from above, or have been found elsewhere or read since it was found there. */
  #mayStart(folder: Folder): boolean {
    const { index, findings } = this.#deps;
    const { missed, claimed, visited, stamps, closed } = findings;
    const { node, stat } = folder;
    if (node === undefined || stat === undefined) return true;
    if (visited.has(node)) return false;
    for (let at: Folder | undefined = folder; at?.node !== undefined; at = at.above) {
      if (closed.has(at) || missed.has(at.node) || claimed.has(at.node)) return false;
    }
    if (index.local.get(node)?.stamp !== stat.stamp) stamps.set(node, stat.stamp);
    return true;
  }

  /** A folder that holds something unknown is more than a leftover (S70). */
  #close(folder: Folder, { shut }: FolderLook): void {
    const { findings, rows } = this.#deps;
    if (shut === undefined) return;
    findings.closed.set(folder, shut);
    if (folder.above === undefined || folder.hasRow) return;
    rows.ensure(folder.above);
    findings.notes.noteOf(folder.above).blocked.push(folder.stat?.name ?? "");
  }

  /** Of what the rules leave out only those places are kept that the other side needs. */
  #noteForeign(folder: Folder, { ignored, unsynced }: FolderLook): void {
    const { index, findings } = this.#deps;
    for (const { name } of unsynced) {
      const note = findings.notes.noteOf(folder);
      note.blocked.push(name);
      note.unsynced.push(folder.pathOf(name));
    }
    if (folder.node === undefined) return;
    for (const { name } of ignored) {
      if (isWantedAt(index, folder.node, name)) findings.notes.noteOf(folder).blocked.push(name);
    }
  }

  /** A folder that no tree knows gets a row; a leftover with the first thing in it that gets one (S70). */
  async #visitNew(folder: Folder, look: FolderLook): Promise<readonly Folder[]> {
    const { inside, unsynced, isClouded } = look;
    const { rows } = this.#deps;
    const isUsers = isClouded || unsynced.length > 0 || !this.#isLeftover(folder);
    if (isUsers) rows.ensure(folder);
    else if (look.isWorkTree) this.#deps.findings.notes.noteOf(folder).left.push(orphaned(folder));
    const below: Folder[] = [];
    for (const stat of inside) {
      if (stat.kind === "folder") {
        below.push((await this.#contest.byIdentity(folder, stat)) ?? folder.below(stat));
      } else {
        this.#newFile(folder, stat);
      }
    }
    return below;
  }

  /** What stays of a folder that the other side removed; where the server has something at its place, it is one to merge. */
  #isLeftover(folder: Folder): boolean {
    const { index, findings } = this.#deps;
    const { path, stat, above } = folder;
    const mark = { fileId: stat?.fileId ?? "", path };
    if (!index.leftovers.has(mark)) return false;
    if (above?.node !== undefined && isWantedAt(index, above.node, stat?.name ?? "")) {
      findings.wantedLeftovers.push(folder);
      return false;
    }
    findings.notes.noteOf(folder).leftovers.push(mark);
    return true;
  }

  /** A file at whose place nothing known stood. */
  #newFile(folder: Folder, stat: LocalStat): void {
    const { index, rows, findings } = this.#deps;
    if (stat.fileId === "") findings.withoutIds = true;
    if (index.nodeOfFileId(stat.fileId) === undefined) {
      rows.add(folder, stat);
      return;
    }
    rows.ensure(folder);
    const rest = { candidates: noCandidates, own: undefined, node: undefined };
    findings.loose.push({ folder, stat, ...rest });
  }

  async #visitKnown({ folder, node, look }: KnownFolder): Promise<readonly Folder[]> {
    const { findings, rows } = this.#deps;
    rows.ensure(folder);
    findings.visited.add(node);
    if (bareLeftover(this.#deps.index, node) !== undefined) findings.wantedLeftovers.push(folder);
    const rowsIn = this.#rowsIn(node);
    const below: Folder[] = [];
    const unmatched: LocalStat[] = [];
    for (const stat of look.inside) {
      const row = rowsIn.get(stat);
      if (row?.kind === stat.kind && row.fileId === stat.fileId) {
        rowsIn.drop(row);
        const kept = this.#keep(folder, row, stat);
        if (kept !== undefined) below.push(kept);
      } else unmatched.push(stat);
    }
    noteMissed(findings.missed, { folder, look, rows: rowsIn.all() });
    if (unmatched.length === 0) return below;
    const found = await this.#match({ folder, node, look, rows: rowsIn, unmatched });
    return [...below, ...found].toSorted((a, b) => compareBytes(a.path, b.path));
  }

  /** Rows of what is in a folder and was not found elsewhere. */
  #rowsIn(node: NodeId): RowsIn {
    const { index, findings } = this.#deps;
    const rows = [...index.local.children(node)];
    return new RowsIn(rows.filter((row) => !findings.claimed.has(row.node)));
  }

  /** The same thing at the same place. A changed stamp means that it has to be read again (S18). */
  #keep(folder: Folder, row: LocalEntry, stat: LocalStat): Folder | undefined {
    const { rows, findings } = this.#deps;
    const isFile = row.kind === "file";
    if (isFile && stat.fileId === "") findings.withoutIds = true;
    const isChanged = row.stamp !== stat.stamp;
    if (row.absentAt !== undefined || (isFile && isChanged)) {
      rows.put(rowOf({ node: row.node, parent: row.parent, stat, before: row }));
    }
    if (isFile) return undefined;
    // What was missing may have been anywhere meanwhile.
    if (folder.start === "alone" && row.absentAt === undefined) return undefined;
    if (isChanged) findings.stamps.set(row.node, stat.stamp);
    return folder.below(stat, row.node);
  }

  /** What is in a known folder and is not surely the one it was. */
  async #match(context: Unmatched): Promise<readonly Folder[]> {
    const { folder, node, look, rows, unmatched } = context;
    const onDisk = new Set(
      [...look.inside, ...look.ignored, ...look.unsynced].map(({ name }) => name.normalize("NFC")),
    );
    const isOnDisk = (name: string): boolean => onDisk.has(name);
    const query = { folder: node, unmatched, rows: rows.all(), isOnDisk };
    const places = new PlacesIn(this.#deps.index, query);
    const below: Folder[] = [];
    const contenders: Contender[] = [];
    for (const stat of unmatched) {
      if (stat.kind === "file") {
        this.#matchFile(context, stat, places);
        continue;
      }
      const found = await this.#contest.byIdentity(folder, stat);
      const candidates = places.of(stat);
      if (found !== undefined) below.push(found);
      else if (allOf(candidates).length === 0) below.push(folder.below(stat));
      else contenders.push({ stat, candidates });
    }
    if (contenders.length === 0) return below;
    if (!this.#isLast) this.#contest.wait({ folder, contenders });
    else below.push(...(await this.#contest.decide({ folder, contenders })));
    return below;
  }

  /** Another inode at a known place is that node, saved by renaming, unless the node turns up elsewhere (`pairLoose`). */
  #matchFile({ folder, node, rows }: Unmatched, stat: LocalStat, places: PlacesIn): void {
    const candidates = places.of(stat);
    if (allOf(candidates).length === 0) {
      this.#newFile(folder, stat);
      return;
    }
    const { index, findings } = this.#deps;
    if (stat.fileId === "") findings.withoutIds = true;
    const row = rows.get(stat);
    const isSure =
      row?.kind === "file" &&
      isOnly(candidates, row.node) &&
      index.nodeOfFileId(stat.fileId) === undefined;
    if (isSure) {
      findings.missed.delete(row.node);
      this.#deps.rows.put(rowOf({ node: row.node, parent: node, stat, before: row }));
    } else findings.loose.push({ folder, stat, candidates, own: undefined, node: undefined });
  }
}

/** G47: what is synced of the work tree is gone there, and went here; the repository is the user's. */
function orphaned({ path }: Folder): LeftPath {
  return {
    path,
    kind: "unsynced",
    reason: "was removed in Dropbox, and its repository stays here (orphaned-repo)",
    hint: "If you do not need it any more, remove it yourself.",
  };
}

/** Which names are those of folders that belong to the link. */
function folderNames({ inside }: FolderLook): (name: string) => boolean {
  const names = new Set(inside.filter(({ kind }) => kind === "folder").map(({ name }) => name));
  return (name) => names.has(name);
}

/** What the server has there in this link could not come down. */
function isWantedAt({ remote }: IndexStore, folder: NodeId, name: string): boolean {
  return remote.childByKey(folder, pathKeyOf(name))?.scope === "in";
}

type KnownFolder = { readonly folder: Folder; readonly node: NodeId; readonly look: FolderLook };

type Unmatched = KnownFolder & {
  readonly rows: RowsIn;
  readonly unmatched: readonly LocalStat[];
};
