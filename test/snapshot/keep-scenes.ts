import { cpSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import type { StoreFiles } from "../../src/snapshot/store-files.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, all, contentOf, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

const manual = { reason: "manual" } as const;

export const dayMs = 86_400_000;

/** Every file of a snapshot with its content. */
export async function treeOf(
  store: OpenedStore,
  root: SnapshotRoot,
): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const entry of await all(store.entries(root.id))) {
    if (entry.type === "file")
      tree[entry.path] = (await contentOf(store, entry)).toString("latin1");
  }
  return tree;
}

/** A store in which there is something of every kind for a prune to do. */
export type Scene = {
  readonly scratch: ScratchStore;
  /** Snapshots that stay, and what is in them. */
  readonly kept: readonly SnapshotRoot[];
  readonly trees: readonly Record<string, string>[];
  /** One that waits in the trash, and can be taken back. */
  readonly waiting: { readonly id: string; readonly root: SnapshotRoot };
};

/** A worn pack, an unneeded one, expired trash, and a forgotten snapshot within its grace time. */
export async function makeScene(scratch: ScratchStore): Promise<Scene> {
  const store = await scratch.open();
  const source = new MemorySource()
    .write("big", noise(600_000, 1))
    .write("same", noise(200_000, 2));
  for (let at = 0; at < 8; at += 1) source.write(`d/${at}`, noise(9000, 50 + at));
  const { root: worn } = await store.capture(source, manual);
  source.remove("big").remove("d/3");
  const { root: first } = await store.capture(source, manual);
  const { root: dead } = await store.capture(
    new MemorySource().write("x", noise(70_000, 3)),
    manual,
  );
  const both = [worn.id, dead.id];
  await store.keeping.forget({ ids: both, ...manual, evenLastCopy: true });
  scratch.clock.advance(8 * dayMs);
  source.write("new", noise(30_000, 4));
  const { root: second } = await store.capture(source, manual);
  const { root } = await store.capture(new MemorySource().write("w", noise(50_000, 5)), manual);
  const { id } = await store.keeping.forget({ ids: [root.id], ...manual, evenLastCopy: true });
  const kept = [first, second];
  const trees = await Promise.all(kept.map((one) => treeOf(store, one)));
  return { scratch, kept, trees, waiting: { id, root } };
}

/** The same store in another folder. */
export function copyOf(scratch: ScratchStore, name: string): ScratchStore {
  const top = join(scratch.top, "..", name);
  rmSync(top, { recursive: true, force: true });
  cpSync(scratch.top, top, { recursive: true });
  const copy = new ScratchStore(top);
  copy.clock.advance(scratch.clock.now() - copy.clock.now());
  return copy;
}

/** Do something as a process that is killed at a call; whether it came to its end. */
export async function killedAt(
  scratch: ScratchStore,
  calls: number,
  act: (store: OpenedStore) => Promise<unknown>,
): Promise<boolean> {
  const { files, close } = stoppingFiles(new DiskStoreFiles(scratch.top, seededRng(calls)), calls);
  const rng = seededRng(calls + 1);
  const { top: path, clock } = scratch;
  const isDone = await openStoreOver(files, { path, clock, rng, tool: "0.1.0", reserve: 0 })
    .then(act)
    .then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
  // The lock names this process, which lives: that of a killed one would be broken.
  rmSync(join(scratch.top, "lock"), { force: true });
  await close();
  return isDone;
}

/** The files, with something done before each call of some kind. */
export function hookedFiles(
  files: StoreFiles,
  {
    kind,
    before,
  }: { readonly kind: "looks" | "changes"; readonly before: (method: string) => Promise<void> },
): StoreFiles {
  const names: ReadonlySet<string | symbol> =
    kind === "looks"
      ? new Set(["get", "range", "size", "list", "folders"])
      : new Set(["put", "create", "append", "move", "link", "remove", "removeFolder", "write"]);
  return new Proxy(files, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...given: readonly unknown[]) => {
        if (names.has(name)) await before(String(name));
        const result: unknown = await Reflect.apply(member, target, given);
        return result;
      };
    },
  });
}

/** Forget without asking, and wait until the trash may be emptied. */
export async function forgetForGood(
  scratch: ScratchStore,
  roots: readonly SnapshotRoot[],
): Promise<void> {
  const { keeping } = await scratch.open();
  await keeping.forget({ ids: roots.map(({ id }) => id), ...manual, evenLastCopy: true });
  scratch.clock.advance(8 * dayMs);
}

/** Bytes of all packs and sidecars in place. */
export function packBytes(scratch: ScratchStore): number {
  const packs = [...scratch.names("data"), ...scratch.names("meta")];
  return packs.reduce((sum, name) => sum + statSync(join(scratch.top, name)).size, 0);
}
