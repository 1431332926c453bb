import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import {
  captureWorkspace,
  type CaptureOutcome,
  type CaptureRequest,
} from "../../src/app/capture.ts";
import { copySnapshot, type CopyReport } from "../../src/app/copy-out.ts";
import { diffSnapshots } from "../../src/app/diff.ts";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { exportSnapshot } from "../../src/app/export.ts";
import { importArchive } from "../../src/app/import.ts";
import { entriesOf, findSnapshot } from "../../src/app/look.ts";
import { restoreWorkspace } from "../../src/app/restore.ts";
import { verifySnapshots, type VerifyReport } from "../../src/app/verify.ts";
import type { Clock } from "../../src/std/time.ts";
import { systemClock } from "../../src/std/time.ts";
import { git } from "../guard/repositories.ts";
import { OpenCounter } from "../support/open-counter.ts";
import { isContent } from "../guard/units.ts";

/** A workspace that is a bare repository of one commit, and one that is empty. */
class BareWorkspace implements Disposable {
  readonly top: string = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-bare-")));
  readonly place: string = path.join(this.top, "b.git");
  readonly environment: Environment;
  readonly #work: string = path.join(this.top, "work");

  private constructor(environment: Environment) {
    this.environment = environment;
    mkdirSync(this.#work);
    git(this.#work, "init", "-q", "-b", "main");
    git(this.#work, "commit", "-q", "--allow-empty", "-m", "one");
    git(this.top, "clone", "-q", "--bare", "work", "b.git");
  }

  static async open(): Promise<BareWorkspace> {
    const home = mkdtempSync(path.join(os.tmpdir(), "snap-home-"));
    const environment = await openEnvironment({
      variables: { ...process.env, SNAP_HOME: home },
      cwd: home,
    });
    // By its clock nothing on the disk is young.
    const clock: Clock = { ...systemClock, now: () => Date.now() + 3_600_000 };
    return new BareWorkspace({ ...environment, clock });
  }

  /** Another commit on `next`. */
  commit(): void {
    git(this.#work, "commit", "-q", "--allow-empty", "-m", "two");
    git(this.#work, "push", "-q", this.place, "main:next");
  }

  async capture(words: Partial<CaptureRequest> = {}): Promise<CaptureOutcome> {
    const request = { place: this.place, tags: [], force: false, dryRun: false, ...words };
    return await captureWorkspace(this.environment, request, {});
  }

  async names(reference = "latest", place: string = this.place): Promise<readonly string[]> {
    const request = { place, reference, path: undefined, recursive: true };
    const entries = await Array.fromAsync(entriesOf(this.environment, request));
    return entries.map(({ path: name }) => name);
  }

  async copyOut(to: string, paths: readonly string[] = []): Promise<CopyReport> {
    const words = { specialModes: false, ignored: false, dryRun: false, onLeft: () => {} };
    const request = { place: this.place, reference: "latest", to, paths, ...words };
    return await copySnapshot(this.environment, request, {});
  }

  async verify(level: number): Promise<VerifyReport> {
    return await verifySnapshots(
      this.environment,
      { place: this.place, reference: "latest", level },
      {},
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.top, { recursive: true, force: true });
    rmSync(this.environment.locations.home, { recursive: true, force: true });
  }
}

test("N43: a workspace that is a bare repository is one unit, without our own folder", async () => {
  using workspace = await BareWorkspace.open();
  mkdirSync(path.join(workspace.place, ".snap"));
  const first = await workspace.capture();
  const head = git(workspace.place, "rev-parse", "HEAD").trim();
  expect(first).toMatchObject({
    root: { git: [{ id: ".", vcs: "git", consistency: "verified", head, branch: "main" }] },
    torn: [],
  });
  const names = await workspace.names();
  expect(names).toContain("HEAD");
  expect(names).toContain("refs/heads");
  expect(names.some((name) => name.startsWith(".snap"))).toBe(false);
  expect(await workspace.capture()).toMatchObject({ created: false });
});

test("N5: it is known again by its stats, and counted in a preview", async () => {
  using workspace = await BareWorkspace.open();
  await workspace.capture();
  using counter = new OpenCounter(path.join(workspace.place, "objects"));
  expect(await workspace.capture()).toMatchObject({ created: false });
  expect(counter.opened).toEqual([]);
  expect(await workspace.capture({ dryRun: true })).toMatchObject({
    preview: { repositories: 1, gone: { files: 0 } },
  });
});

test("T15, N50: it is copied out whole, and by a fire drill", async () => {
  using workspace = await BareWorkspace.open();
  await workspace.capture();
  const to = path.join(workspace.top, "copy");
  expect((await workspace.copyOut(to)).units).toEqual([{ id: ".", word: "verified", reasons: [] }]);
  expect(isContent(to)).toBe(true);
  expect(readFileSync(path.join(to, "HEAD"), "utf8")).toBe("ref: refs/heads/main\n");
  const { different, damaged, drill } = await workspace.verify(5);
  expect({ different, damaged }).toEqual({ different: [], damaged: [] });
  expect(drill?.files).toBeGreaterThan(2);
});

test("T14, N33: a part of it is neither captured nor copied out", async () => {
  using workspace = await BareWorkspace.open();
  await expect(workspace.capture({ paths: ["HEAD"] })).rejects.toMatchObject({ code: "usage" });
  await workspace.capture({ paths: ["."] });
  const copy = workspace.copyOut(path.join(workspace.top, "copy"), ["HEAD"]);
  await expect(copy).rejects.toMatchObject({
    code: "refused",
    hint: "A repository is restored whole: leave the paths out.",
  });
});

test("N43: diff and level 3 tell how it differs", async () => {
  using workspace = await BareWorkspace.open();
  await workspace.capture();
  expect((await workspace.verify(3)).different).toEqual([]);
  workspace.commit();
  const difference = { change: "unit", path: "", refs: [{ name: "refs/heads/next" }] };
  const diff = async (words: { from: string; to: string; path?: string }): Promise<unknown> =>
    await Array.fromAsync(
      diffSnapshots(workspace.environment, { place: workspace.place, ...words }, {}),
    );
  expect(await diff({ from: "latest", to: "local" })).toMatchObject([difference]);
  expect((await workspace.verify(3)).different).toMatchObject([
    { path: ".", repository: difference },
  ]);
  await workspace.capture();
  expect(await diff({ from: "latest~1", to: "latest" })).toMatchObject([difference]);
  const inside = [{ change: "added", after: { path: "refs/heads/next" } }];
  expect(await diff({ from: "latest~1", to: "latest", path: "refs" })).toMatchObject(inside);
  expect(await diff({ from: "latest~1", to: "local", path: "refs" })).toMatchObject(inside);
});

test("N58, N59: it goes into an archive and comes out of it as a repository", async () => {
  using workspace = await BareWorkspace.open();
  await workspace.capture();
  const file = path.join(workspace.top, "a.tar");
  const words = { reference: "latest", to: file, force: false, dryRun: false, onLeft: () => {} };
  await exportSnapshot(workspace.environment, { place: workspace.place, ...words }, {});
  const other = path.join(workspace.top, "other");
  mkdirSync(other);
  await workspace.capture({ place: other });
  const request = { place: other, from: file, tags: [], dryRun: false, label: "moved" };
  await importArchive(workspace.environment, request, {});
  const found = await findSnapshot(workspace.environment, { place: other, reference: "moved" });
  expect(found.root).toMatchObject({
    reason: "import",
    git: [{ id: ".", consistency: "verified" }],
  });
});

test("N43: a restore in place leaves it alone", async () => {
  using workspace = await BareWorkspace.open();
  await workspace.capture();
  workspace.commit();
  const refs = git(workspace.place, "show-ref");
  const words = { place: workspace.place, reference: "latest", paths: [], delete: true } as const;
  const consent = { by: "yes" } as const;
  await restoreWorkspace(
    workspace.environment,
    { ...words, onUnsaved: "replace", consent, dryRun: false, onEvent: () => {} },
    {},
  );
  expect(git(workspace.place, "show-ref")).toBe(refs);
  expect(isContent(workspace.place)).toBe(true);
});
