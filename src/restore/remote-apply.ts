import type { RelPath } from "../core/path/rel-path.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { RemoteSeen } from "../core/snapshot/restore-picture.ts";
import type { LeftItem } from "../core/snapshot/restore-report.ts";
import type { ContentSource, WantedFile } from "../core/snapshot/restore-wanted.ts";
import { isAtOrBelow } from "../core/snapshot/restore-wanted.ts";
import { judgeServed } from "../core/snapshot/served.ts";
import type { RemoteSide } from "../ports.ts";
import { present } from "../std/assert.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { bringEditsBack, withoutItemTrouble } from "./hidden-edits.ts";
import { steppingReader } from "./remote-reader.ts";
import type { RemoteOnlyDeps } from "./remote-only.ts";
import { bytesOf } from "./sources.ts";

/** What is done in Dropbox, and where the content comes from. */
export type RemoteDeeds = {
  readonly items: readonly PlanItem[];
  readonly chosen: ReadonlyMap<RelPath, ContentSource>;
  readonly work: Work;
};

/** What became of it. */
export type RemoteDone = {
  uploadedBytes: number;
  reverted: number;
  readonly late: Set<string>;
  readonly left: LeftItem[];
};

type Step = { readonly path: RelPath; readonly act: () => Promise<void> };

/**
 * Change Dropbox as planned (T28): what gives way to another kind goes first, then come folders and files, removals last (T24). Whatever
 * is newer than what the plan showed stays (T5).
 */
export async function applyRemotely(deps: RemoteOnlyDeps, deeds: RemoteDeeds): Promise<RemoteDone> {
  const done: RemoteDone = { uploadedBytes: 0, reverted: 0, late: new Set(), left: [] };
  const steps = stepsOf(new Applying(deps, deeds, done), deeds.items);
  for (const [index, { path, act }] of steps.entries()) {
    throwIfAborted(deeds.work.signal);
    await tolerant(done, path, act);
    const count = { done: index + 1, total: steps.length, bytes: 0, bytesTotal: undefined };
    deps.onEvent({ type: "progress", step: "serve", ...count });
  }
  return done;
}

/** Trouble with one path ends nothing else. */
async function tolerant(
  { late, left }: RemoteDone,
  path: RelPath,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isSnapError(error) || error.class !== "item") throw error;
    if (error.code === "conflict") late.add(path);
    else left.push({ path, side: "remote", reason: error.message });
  }
}

function stepsOf(applying: Applying, items: readonly PlanItem[]): readonly Step[] {
  const turned = new Set(items.filter(turnsKind).map(({ path }) => path));
  const going = items.filter((item) => item.want === undefined || turned.has(item.path));
  const removals = going.toReversed().flatMap((item): readonly (Step & { isFirst: boolean })[] => {
    const before = item.remote?.before;
    if (before === undefined) return [];
    const act = (): Promise<void> => applying.remove(before);
    return [{ path: item.path, act, isFirst: isAtOrBelow(item.path, turned) }];
  });
  const folders = items.filter(({ want }) => want?.kind === "folder");
  const files = items.flatMap((item) =>
    item.want?.kind === "file"
      ? [{ path: item.path, want: item.want, before: turned.has(item.path) ? undefined : item }]
      : [],
  );
  return [
    ...removals.filter(({ isFirst }) => isFirst),
    ...folders.map(({ path }) => ({ path, act: () => applying.makeFolder(path) })),
    ...files.map(({ path, want, before }) => ({
      path,
      act: () => applying.bring(path, want, before?.remote?.before),
    })),
    ...removals.filter(({ isFirst }) => !isFirst),
  ];
}

/** A file where a folder stands, or the reverse; or a link is wanted, which Dropbox does not hold. */
function turnsKind({ want, remote }: PlanItem): boolean {
  return want !== undefined && remote?.before !== undefined && remote.before.kind !== want.kind;
}

class Applying {
  readonly #deps: RemoteOnlyDeps;
  readonly #deeds: RemoteDeeds;
  readonly #done: RemoteDone;

  constructor(deps: RemoteOnlyDeps, deeds: RemoteDeeds, done: RemoteDone) {
    this.#deps = deps;
    this.#deeds = deeds;
    this.#done = done;
  }

  get #remote(): RemoteSide {
    return this.#deps.remote;
  }

  /** A file by its rev; a folder only where nothing but folders is left in it (S62, S63). */
  async remove({ path, kind, rev }: RemoteSeen): Promise<void> {
    if (kind === "folder") await this.#remote.deleteFolder(path);
    else await this.#remote.deleteFile(path, rev);
  }

  async makeFolder(path: RelPath): Promise<void> {
    await this.#remote.makeFolder(path);
  }

  /** The first row of T24 that fits: a revision of this place, else an upload over exactly what was seen. */
  async bring(path: RelPath, want: WantedFile, before: RemoteSeen | undefined): Promise<void> {
    if (await this.#revert(path, want, before)) return;
    const source = present(this.#deeds.chosen.get(path), "the source of a wanted file");
    const { work } = this.#deeds;
    const { store, remote } = this.#deps;
    const open = (): AsyncIterable<Uint8Array> =>
      bytesOf({ store, remote, local: undefined }, source, work);
    await using reader = steppingReader(open);
    const { hash, size, modifiedNs = "0" } = want;
    await remote.upload(
      {
        path: before?.path ?? path,
        replaces: before?.rev,
        size,
        hash,
        modified: Number(BigInt(modifiedNs) / 1_000_000n),
        read: (offset, lengthMax) => reader.read(offset, lengthMax),
        unchanged: () => Promise.resolve(true),
      },
      work,
    );
    this.#done.uploadedBytes += size;
  }

  /** There is no precondition, so the history is looked at before and afterwards (T25). Says whether nothing is to be uploaded. */
  async #revert(path: RelPath, { hash }: WantedFile, seen: RemoteSeen | undefined) {
    const { remote: kept, device, clock } = this.#deps;
    const { revisions, isDeleted } = await kept.history(path);
    const [newest] = revisions;
    if ((isDeleted ? undefined : newest?.rev) !== seen?.rev) {
      this.#done.late.add(path);
      return true;
    }
    const wanted = revisions.find((revision) => revision.hash === hash && revision.isKept);
    if (newest === undefined || wanted === undefined) return false;
    const item = await withoutItemTrouble(() => kept.revert(path, wanted.rev));
    const told = await kept.history(path);
    const served = judgeServed(told, { hash, superseded: newest.rev });
    const { late, left } = this.#done;
    const noteLate = (place: RelPath): void => void late.add(place);
    const noteLeft = (one: LeftItem): void => void left.push(one);
    await bringEditsBack({ kept, device, clock, noteLate, noteLeft }, path, served);
    if (served.back !== undefined) late.add(path);
    if (item !== undefined) this.#done.reverted += 1;
    return told.revisions[0]?.rev !== newest.rev;
  }
}
