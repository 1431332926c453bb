import type { ForgetRecord } from "../core/snapshot/forget-record.ts";
import type {
  ForgetOptions,
  LastCopy,
  PruneOptions,
  PruneReport,
  PruneWorth,
  StoreStats,
} from "../core/snapshot/keep-request.ts";
import type { NoteChange, NotedRoot } from "../core/snapshot/note.ts";
import type {
  RepairOptions,
  RepairReport,
  RepairSources,
} from "../core/snapshot/repair-request.ts";
import type { SnapshotId } from "../core/snapshot/root.ts";
import { isSnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { copiesAtStake, forget, forgets, unforget } from "./forget.ts";
import { withReserve } from "./keep-parts.ts";
import type { KeepParts } from "./keep-parts.ts";
import { writeNote } from "./note-files.ts";
import { previewPrune, prune, pruneWorth } from "./prune.ts";
import type { LookParts } from "./prune-look.ts";
import { repair } from "./repair.ts";
import { freeReserve } from "./reserve.ts";
import { rootOfId } from "./root-files.ts";
import { storeStats } from "./stats.ts";

/** What looking after a store needs of it. */
export type KeepingAccess = {
  readonly look: Omit<LookParts, "onStep">;
  /** Whether there is a store that this program understands. @throws {SnapError} `version-too-new`, `damaged` */
  readonly exists: () => Promise<boolean>;
  /** Do something as the one writer, also on a full disk (N29, N30). */
  readonly locked: <T>(
    doing: string,
    work: Work,
    act: (parts: KeepParts) => Promise<T>,
  ) => Promise<T>;
};

const noStep = (): Promise<void> => Promise.resolve();

const nothingPruned: PruneReport = {
  emptied: { files: 0, bytes: 0 },
  dropped: { packs: 0, bytes: 0 },
  rewritten: { packs: 0, bytes: 0, into: 0 },
  deadLeft: 0,
  stored: 0,
};

const nothingRepaired: RepairReport = {
  sidecars: 0,
  roots: [],
  readme: false,
  healed: { packs: 0, workspace: 0, dropbox: 0, bytes: 0 },
  trashed: [],
  kept: [],
  missing: [],
};

const noStats: StoreStats = {
  snapshots: [],
  raw: 0,
  unique: 0,
  compressed: 0,
  dead: 0,
  forgotten: 0,
  trash: 0,
  growth: [],
};

/** Looks after a store: notes, forgetting, pruning (§12). */
export class Keeping {
  readonly #access: KeepingAccess;

  constructor(access: KeepingAccess) {
    this.#access = access;
  }

  note(id: SnapshotId, change: NoteChange): Promise<NotedRoot> {
    return this.#access.locked("note", {}, async (parts) => {
      const root = await rootOfId(parts.files, id);
      return await withReserve(parts.files, () => writeNote(parts, root, change));
    });
  }

  forget(options: ForgetOptions): Promise<ForgetRecord> {
    return this.#access.locked("forget", options, (parts) => forget(parts, options));
  }

  lastCopies(
    options: Omit<ForgetOptions, "reason" | "evenLastCopy">,
  ): Promise<readonly LastCopy[]> {
    return copiesAtStake(this.#lookParts(), options);
  }

  async forgets(): Promise<readonly ForgetRecord[]> {
    const { files, logger } = this.#access.look;
    return (await this.#access.exists()) ? await forgets(files, logger) : [];
  }

  unforget(id: string): Promise<ForgetRecord> {
    return this.#access.locked("undo of a forget", {}, (parts) => unforget(parts, id));
  }

  async prune(options: PruneOptions): Promise<PruneReport> {
    if (!(await this.#access.exists())) return nothingPruned;
    if (options.dryRun === true) return await previewPrune(this.#lookParts(), options);
    return await this.#evenOnFullDisk(() =>
      this.#access.locked("prune", options, (parts) => prune(parts, options)),
    );
  }

  /** Make whole what is damaged (N53). A store that does not exist has no damage. */
  async repair(sources: RepairSources, options: RepairOptions): Promise<RepairReport> {
    if (!(await this.#access.exists())) return nothingRepaired;
    if (options.dryRun === true) return await repair({ ...this.#lookParts(), sources }, options);
    return await this.#evenOnFullDisk(() =>
      this.#access.locked("repair", options, (parts) =>
        repair({ ...parts, sources, onStep: () => parts.lock.renew() }, options),
      ),
    );
  }

  /** What was done before the disk was full stands; the spare room is there for the rest (N29). */
  async #evenOnFullDisk<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!isSnapError(error, "disk-full")) throw error;
      await freeReserve(this.#access.look.files);
      return await run();
    }
  }

  async pruneWorth(options: PruneOptions): Promise<PruneWorth> {
    if (!(await this.#access.exists())) return { isWorth: false, freed: 0, stored: 0 };
    return await pruneWorth(this.#lookParts(), options);
  }

  async stats(work: Work): Promise<StoreStats> {
    return (await this.#access.exists()) ? await storeStats(this.#lookParts(), work) : noStats;
  }

  #lookParts(): LookParts {
    return { ...this.#access.look, onStep: noStep };
  }
}
