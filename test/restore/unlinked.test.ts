import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { CaptureFacts } from "../../src/core/snapshot/root.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { recover } from "../../src/restore/recover.ts";
import type { RestoreDeps } from "../../src/restore/restore-deps.ts";
import { noHooks } from "./restore-world.ts";
import { restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { listRestores, undoRestore } from "../../src/restore/undo.ts";
import { localSource } from "../../src/snapshot/local-source.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { openIndex } from "../../src/state/database.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";

/** A folder with a store, and no link. */
class Unlinked implements AsyncDisposable {
  readonly folder: string = fs.mkdtempSync(path.join(os.tmpdir(), "snap-unlinked-"));
  readonly top: string = path.join(this.folder, "workspace");
  readonly #clock = new TestClock();
  readonly #open = openIndex(":memory:", { clock: this.#clock });

  constructor() {
    fs.mkdirSync(this.top);
  }

  async deps(): Promise<RestoreDeps> {
    const shared = { clock: this.#clock, rng: seededRng(this.#clock.now()) };
    this.#clock.advance(1_000);
    const { index, journal } = this.#open;
    const local = openLocalSide({ top: this.top, ...shared });
    const storePath = path.join(this.folder, "store");
    const store = await openStore({ path: storePath, tool: "snap test", reserve: 0, ...shared });
    return {
      ...shared,
      local,
      index,
      journal,
      store,
      engine: undefined,
      hooks: () => noHooks,
      remote: undefined,
      rollback: undefined,
      link: undefined,
      workspace: "w1",
      device: "box",
      capture: ({ side, paths, label }, work) => {
        const workspace = { id: "w1", path: this.top, device: "box", host: "box" };
        const chosen = paths === undefined ? {} : { paths };
        const facts: CaptureFacts = { workspace, side, rules: "r", sync: "clean", ...chosen };
        const isOutside = (): boolean => false;
        const own = { local, index: undefined, isOutside, isRepositorySynced: isOutside, facts };
        const options = { reason: "before-restore", label, force: true, ...work } as const;
        return store.capture(localSource(own), options);
      },
      scope: () => Promise.resolve(() => false),
      rules: () => Promise.resolve("r"),
      onEvent: () => {},
    };
  }

  write(name: string, content: string): void {
    fs.writeFileSync(path.join(this.top, name), content);
  }

  files(): Record<string, string> {
    const names = fs.readdirSync(this.top).filter((name) => name !== ".snap");
    return Object.fromEntries(
      names.map((name) => [name, fs.readFileSync(path.join(this.top, name), "utf8")]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.close();
    fs.rmSync(this.folder, { recursive: true });
    await Promise.resolve();
  }
}

const request = { snapshot: "S", paths: [], consent: { by: "yes" } } as const;

test("T29: without a link the local half is the whole restore, and it can be undone", async () => {
  await using folder = new Unlinked();
  folder.write("a", "1");
  folder.write("gone", "2");
  await (await folder.deps()).capture({ side: "local", paths: undefined, label: "S" }, {});
  folder.write("a", "9");
  folder.write("new", "5");
  fs.rmSync(path.join(folder.top, "gone"));
  const report = await restoreSnapshot(await folder.deps(), request);
  expect(report).toMatchObject({ exit: 0, state: "done", counts: { remote: null } });
  expect(folder.files()).toEqual({ a: "1", gone: "2" });
  const undo = { restore: undefined, skipChanged: false, consent: request.consent };
  expect((await undoRestore(await folder.deps(), undo)).exit).toBe(0);
  expect(folder.files()).toEqual({ a: "9", new: "5" });
});

test("T46: every restore is listed with how it ended; a prefix of its id names it for the undo", async () => {
  await using folder = new Unlinked();
  folder.write("a", "1");
  await (await folder.deps()).capture({ side: "local", paths: undefined, label: "S" }, {});
  folder.write("a", "9");
  const done = await restoreSnapshot(await folder.deps(), request);
  folder.write("a", "8");
  await restoreSnapshot(await folder.deps(), request);
  const deps = await folder.deps();
  const undo = { restore: done.restore.slice(0, 6), skipChanged: false };
  const undone = await undoRestore(deps, { ...undo, consent: request.consent });
  expect(folder.files()).toEqual({ a: "9" });
  expect(listRestores(deps).map(({ kind, state, undoes }) => ({ kind, state, undoes }))).toEqual([
    { kind: "restore", state: "done", undoes: null },
    { kind: "restore", state: "done", undoes: null },
    { kind: "undo", state: "done", undoes: done.restore },
  ]);
  expect(undone.counts.local).toMatchObject({ replace: 1 });
  await expect(
    undoRestore(deps, { restore: "ffff", skipChanged: false, consent: request.consent }),
  ).rejects.toMatchObject({ code: "usage", exit: 2 });
});

test("T2: with nothing under way, recovery has nothing to do", async () => {
  await using folder = new Unlinked();
  expect(await recover(await folder.deps(), {})).toEqual([]);
});
