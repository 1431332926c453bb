import { parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { placeKey, type RemoteSeen } from "../core/snapshot/restore-picture.ts";
import { readRemoteRecord } from "../core/snapshot/restore-record.ts";
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
 * @throws {SnapError} `interrupted`; what was put back is known then, and the next start goes on
 */
export async function serve(run: Run, engine: EngineControl): Promise<void> {
  const { kept, index } = run.deps;
  if (kept === undefined) return;
  const present = remotePicture(index, () => false).items;
  const wishes = wishesOf(run, present);
  if (wishes.length === 0) return;
  const server = new Server(run, { kept, engine, present });
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
    if (!(error instanceof SnapError) || error.exit !== 7) throw error;
  } finally {
    server.noteCount();
  }
}

/** Content that a place in Dropbox is to have, and what is known to stand there. */
type Wish = {
  readonly path: RelPath;
  readonly hash: ContentHash;
  readonly now: RemoteSeen | undefined;
};

/** Files that Dropbox lacks or has with other content; what was left aside on the disk is not pushed. */
function wishesOf({ items }: Run, present: ReadonlyMap<string, RemoteSeen>): readonly Wish[] {
  const left = new Set(
    items.filter(({ side, step }) => side === "local" && step === "left").map(({ path }) => path),
  );
  return items.flatMap(({ side, path, step, expected }) => {
    if (side !== "remote" || step === "left" || left.has(path)) return [];
    const { want, aside } = readRemoteRecord(expected);
    const now = present.get(placeKey(path));
    if (aside || want?.kind !== "file" || now?.kind === "folder") return [];
    return now?.hash === want.hash ? [] : [{ path, hash: want.hash, now }];
  });
}

type ServerParts = {
  readonly kept: RestoreRemote;
  readonly engine: EngineControl;
  /** What Dropbox held when the fence was raised. */
  readonly present: ReadonlyMap<string, RemoteSeen>;
};

class Server {
  readonly #run: Run;
  readonly #kept: RestoreRemote;
  readonly #engine: EngineControl;
  readonly #present: ReadonlyMap<string, RemoteSeen>;
  readonly #folders = new Map<RelPath, Promise<boolean>>();
  #reverted = 0;

  constructor(run: Run, { kept, engine, present }: ServerParts) {
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

  /** Trouble with one file is for the push to find. */
  async serve(wish: Wish): Promise<void> {
    try {
      await this.#serve(wish);
    } catch (error) {
      if (!(error instanceof SnapError) || error.class !== "item") throw error;
    }
  }

  /** There is no precondition, so the history is looked at before and afterwards (T25). */
  async #serve(wish: Wish): Promise<void> {
    const { path, hash, now } = wish;
    const before = await this.#kept.history(path);
    if (revOf(before) !== now?.rev) {
      await this.#adopt(wish, before);
      return;
    }
    const wanted = before.revisions.find((revision) => revision.hash === hash);
    if (wanted === undefined || !(await this.#hasFolder(path))) return;
    const item = await this.#kept.revert(path, wanted.rev);
    const after = await this.#kept.history(path);
    const [ours, below] = after.revisions;
    if (ours?.rev !== item.rev) return;
    if (below?.rev === before.revisions[0]?.rev) this.#note(path, item);
    else if (below !== undefined) await this.#giveBack(path, below.rev);
  }

  /** Of a run that was killed right after its call; anything else is an edit that the push meets (T26). */
  async #adopt({ path, hash, now }: Wish, { isDeleted, revisions }: FileHistory): Promise<void> {
    const [newest, below] = revisions;
    const isOurs = newest?.hash === hash && (now === undefined || below?.rev === now.rev);
    if (isDeleted || !isOurs) return;
    const item = await this.#kept.get(path);
    if (item?.rev === newest.rev) this.#note(path, item);
  }

  /** Somebody's edit came between look and call: it has the name again, and the push finds a true conflict (T26). */
  async #giveBack(path: RelPath, rev: string): Promise<void> {
    await this.#kept.revert(path, rev);
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
