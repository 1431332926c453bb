import { parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { placeKey, type RemoteSeen } from "../core/snapshot/restore-picture.ts";
import { readRemoteRecord } from "../core/snapshot/restore-record.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import { judgeServed } from "../core/snapshot/served.ts";
import type { ContentHash } from "../core/tree/node.ts";
import type { FileHistory, RemoteItem } from "../core/tree/remote-item.ts";
import type { EngineControl } from "../ports.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import { remotePicture } from "./look-remote.ts";
import type { RestoreRemote } from "./restore-deps.ts";
import type { Run } from "./run.ts";

/** Files that are asked about at once; Dropbox makes one change after the other whatever is asked of it. */
const filesParallel = 4;

/**
 * Have Dropbox put back what it still holds, instead of uploading it (T24): the wanted content of a place, where that is one of its
 * revisions. What does not come off here is left to the ordinary push, and so is everything while Dropbox cannot be reached.
 *
 * @throws {SnapError} `interrupted`, and what keeps Dropbox from being reached after a call that was not judged yet (T25); what was
 * put back is known then, and the next start goes on
 */
export async function serve(run: Run, engine: EngineControl): Promise<void> {
  const { kept, index } = run.deps;
  if (kept === undefined) return;
  const present = remotePicture(index, () => false).items;
  const wishes = wishesOf(run, present);
  if (wishes.length === 0) return;
  const server = new Server(run, { kept, engine, present, wishes });
  let done = 0;
  try {
    await forEachLimited(
      wishes,
      { parallel: filesParallel, signal: run.work.signal },
      async (wish) => {
        await server.serve(wish);
        done += 1;
        run.progress("serve", { done, total: wishes.length });
      },
    );
  } catch (error) {
    throwIfAborted(run.work.signal);
    if (!(error instanceof SnapError) || error.exit !== 7 || server.isOpen) throw error;
  } finally {
    server.noteCount();
  }
}

/** Content that a place in Dropbox is to have, and what is known to stand there. */
type Wish = {
  readonly path: RelPath;
  readonly hash: ContentHash;
  readonly now: RemoteSeen | undefined;
  readonly row: RestoreItemRow;
};

/** Files that Dropbox lacks or has with other content; what was left aside on the disk is not pushed. */
function wishesOf({ items }: Run, present: ReadonlyMap<string, RemoteSeen>): readonly Wish[] {
  const left = new Set(
    items.filter(({ side, step }) => side === "local" && step === "left").map(({ path }) => path),
  );
  return items.flatMap((row) => {
    const { side, path, step, expected } = row;
    if (side !== "remote" || step === "left" || left.has(path)) return [];
    const { want, aside } = readRemoteRecord(expected);
    const now = present.get(placeKey(path));
    if (aside || want?.kind !== "file" || now?.kind === "folder") return [];
    return now?.hash === want.hash ? [] : [{ path, hash: want.hash, now, row }];
  });
}

type ServerParts = {
  readonly kept: RestoreRemote;
  readonly engine: EngineControl;
  /** What Dropbox held when the fence was raised. */
  readonly present: ReadonlyMap<string, RemoteSeen>;
  readonly wishes: readonly Wish[];
};

/** A call that may have been done. */
type Called = {
  readonly told: FileHistory;
  /** The newest revision before it. */
  readonly superseded: string;
  /** Its answer, where one came. */
  readonly item?: RemoteItem | undefined;
};

class Server {
  readonly #run: Run;
  readonly #kept: RestoreRemote;
  readonly #engine: EngineControl;
  readonly #present: ReadonlyMap<string, RemoteSeen>;
  readonly #folders = new Map<RelPath, Promise<boolean>>();
  /** Places of calls that were begun, by this run or one that was killed, and whose outcome is not known. */
  readonly #open: Set<RelPath>;
  #reverted = 0;

  constructor(run: Run, { kept, engine, present, wishes }: ServerParts) {
    this.#open = new Set(wishes.filter(({ row }) => row.step === "acting").map(({ path }) => path));
    this.#run = run;
    this.#kept = kept;
    this.#engine = engine;
    this.#present = present;
  }

  noteCount(): void {
    const { reverted = 0 } = this.#run.facts;
    if (this.#reverted > 0) this.#run.note({ reverted: reverted + this.#reverted });
    this.#reverted = 0;
  }

  /** Some call may have been done, and hide an edit: nothing may be handed over before its place was looked at. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Trouble with one file is for the push to find. */
  async serve(wish: Wish): Promise<void> {
    await withoutItemTrouble(() => this.#serve(wish));
  }

  /** There is no precondition, so the history is looked at before and afterwards, by a later run where this one is killed (T25). */
  async #serve(wish: Wish): Promise<void> {
    const { path, hash, now, row } = wish;
    const before = await this.#kept.history(path);
    const [newest] = before.revisions;
    if (row.step === "acting" && row.rev !== undefined && row.rev !== newest?.rev) {
      await this.#settle(wish, { told: before, superseded: row.rev });
      return;
    }
    const wanted = before.revisions.find((revision) => revision.hash === hash);
    // Anything newer is an edit, which the push meets (T26).
    if (newest === undefined || wanted === undefined || revOf(before) !== now?.rev) return;
    if (!(await this.#hasFolder(path))) return;
    this.#intend(wish, newest.rev);
    const item = await withoutItemTrouble(() => this.#kept.revert(path, wanted.rev));
    const told = await this.#kept.history(path);
    await this.#settle(wish, { told, superseded: newest.rev, item });
  }

  /** In the journal before the call: a later run has to know what was the newest then. */
  #intend({ path, row }: Wish, superseded: string): void {
    this.#open.add(path);
    this.#run.deps.journal.putItems([{ ...row, step: "acting", rev: superseded }]);
  }

  /** Take over what is ours. Somebody's edit below it has its name again, and the push finds a true conflict (T26). */
  async #settle({ path, hash, row }: Wish, { told, superseded, item }: Called): Promise<void> {
    const served = judgeServed(told, { hash, superseded });
    if (served.is === "over-edit") await this.#kept.revert(path, served.rev);
    if (served.is === "ours") {
      const ours = item?.rev === served.rev ? item : await this.#kept.get(path);
      if (ours?.rev === served.rev) this.#note(path, ours);
    }
    this.#run.deps.journal.putItems([{ ...row, step: "planned" }]);
    this.#open.delete(path);
  }

  #note(path: RelPath, item: RemoteItem): void {
    this.#engine.noteServed(this.#run.id, [{ path, item }]);
    this.#reverted += 1;
  }

  /** The folders of a place are made first, the highest first, so that the answer has a place in the index. */
  async #hasFolder(path: RelPath): Promise<boolean> {
    const folder = parentPath(path) ?? topPath;
    if (folder === topPath || this.#present.get(placeKey(folder))?.kind === "folder") return true;
    const known = this.#folders.get(folder) ?? this.#makeFolder(folder);
    this.#folders.set(folder, known);
    return await known;
  }

  async #makeFolder(folder: RelPath): Promise<boolean> {
    if (!(await this.#hasFolder(folder))) return false;
    const item = await this.#kept.makeFolder(folder);
    this.#engine.noteServed(this.#run.id, [{ path: folder, item }]);
    return true;
  }
}

function revOf({ isDeleted, revisions }: FileHistory): string | undefined {
  return isDeleted ? undefined : revisions[0]?.rev;
}

async function withoutItemTrouble<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SnapError && error.class === "item") return undefined;
    throw error;
  }
}
