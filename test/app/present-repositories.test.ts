import { chmodSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { captureWorkspace } from "../../src/app/capture.ts";
import type { PresentChange } from "../../src/app/compare-units.ts";
import { diffSnapshots } from "../../src/app/diff.ts";
import { verifySnapshots, type VerifyReport } from "../../src/app/verify.ts";
import type { Clock } from "../../src/std/time.ts";
import { systemClock } from "../../src/std/time.ts";
import { git } from "../guard/repositories.ts";
import { OpenCounter } from "../support/open-counter.ts";
import { LinkedHome } from "./linked-home.ts";

/** By which nothing on the disk is young. */
const later: Clock = { ...systemClock, now: () => Date.now() + 3_600_000 };

/** A workspace with one repository of one commit, captured. */
class Repository implements AsyncDisposable {
  readonly #home: LinkedHome;

  private constructor(home: LinkedHome) {
    this.#home = home;
  }

  static async captured(): Promise<Repository> {
    const repository = new Repository(await LinkedHome.open({ "r/a": "1" }));
    repository.git("init", "-q", "-b", "main");
    repository.git("add", ".");
    repository.git("commit", "-q", "-m", "one");
    await repository.capture();
    return repository;
  }

  git(...words: readonly string[]): string {
    return git(this.at("r"), ...words).trim();
  }

  at(name: string): string {
    return path.join(this.#home.place, name);
  }

  get #environment(): LinkedHome["environment"] {
    return { ...this.#home.environment, clock: later };
  }

  async capture(): Promise<void> {
    const request = { place: this.#home.place, tags: [], force: true, dryRun: false };
    await captureWorkspace(this.#environment, request, {});
  }

  async diff(from = "latest", words: { path?: string; wholeUnits?: boolean } = {}): Promise<Told> {
    using counter = new OpenCounter(this.at("r/.git/objects"));
    const request = { place: this.#home.place, from, to: "local", ...words };
    const changes = await Array.fromAsync(diffSnapshots(this.#environment, request, {}));
    return { changes, opened: counter.opened.length };
  }

  async verify(words: { readonly rehash?: boolean } = {}): Promise<VerifyReport> {
    const request = { place: this.#home.place, reference: "latest", level: 3, ...words };
    return await verifySnapshots(this.#environment, request, {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home[Symbol.asyncDispose]();
  }
}

/** What a comparison told, and how many files of the history it opened. */
type Told = { readonly changes: readonly PresentChange[]; readonly opened: number };

/** Kind and path of each change. */
function inShort({ changes }: Told): readonly string[] {
  return changes.map((change) => {
    if (change.change === "unit" || change.change === "unjudged")
      return `${change.change} ${change.path}`;
    return `${change.change} ${(change.change === "removed" ? change.before : change.after).path}`;
  });
}

test("N43: a repository to which nothing was written is the same by its stats alone", async () => {
  await using repository = await Repository.captured();
  expect(await repository.diff()).toEqual({ changes: [], opened: 0 });
  expect((await repository.verify()).different).toEqual([]);
});

test("N43: a commit that was made since is told by diff and by level 3", async () => {
  await using repository = await Repository.captured();
  const before = repository.git("rev-parse", "HEAD");
  repository.git("tag", "v1");
  repository.git("commit", "-q", "--allow-empty", "-m", "two");
  const after = repository.git("rev-parse", "HEAD");
  const difference = {
    change: "unit",
    path: "r/.git",
    vcs: "git",
    head: { from: { branch: "main", commit: before }, to: { branch: "main", commit: after } },
    refs: [
      { name: "refs/heads/main", from: before, to: after },
      { name: "refs/tags/v1", to: before },
    ],
    parts: ["COMMIT_EDITMSG", "reflog", "refs"],
    objects: { added: 1, removed: 0, changed: 0 },
  };
  expect((await repository.diff()).changes).toEqual([difference]);
  expect((await repository.verify()).different).toEqual([
    {
      side: "workspace",
      path: "r/.git",
      reason: "has other content",
      repository: difference,
    },
  ]);
});

test("N43: of an older snapshot what was captured since is compared, and no file of it is opened", async () => {
  await using repository = await Repository.captured();
  repository.git("branch", "next");
  await repository.capture();
  const told = await repository.diff("latest~1");
  expect(told).toMatchObject({
    changes: [{ change: "unit", refs: [{ name: "refs/heads/next" }] }],
    opened: 0,
  });
});

test("N50: with --rehash a repository is read whatever its stats say", async () => {
  await using repository = await Repository.captured();
  using counter = new OpenCounter(repository.at("r/.git/objects"));
  expect((await repository.verify({ rehash: true })).different).toEqual([]);
  expect(counter.opened.length).toBeGreaterThan(2);
});

test("N43: a path inside of a repository shows its files, and so does --all", async () => {
  await using repository = await Repository.captured();
  repository.git("tag", "v1");
  const inside = await repository.diff("latest", { path: "r/.git/refs" });
  expect(inShort(inside)).toEqual(["added r/.git/refs/tags/v1"]);
  expect(inShort(await repository.diff("latest", { path: "r/.git/objects" }))).toEqual([]);
  expect(inShort(await repository.diff("latest", { wholeUnits: true }))).toEqual([
    "added r/.git/refs/tags/v1",
  ]);
});

test("N43: a repository that came or went is one line, and file by file with --all", async () => {
  await using repository = await Repository.captured();
  git(repository.at(""), "clone", "-q", "--bare", "r", "b.git");
  rmSync(repository.at("r/.git"), { recursive: true });
  expect(inShort(await repository.diff())).toEqual(["added b.git", "removed r/.git"]);
  const every = inShort(await repository.diff("latest", { wholeUnits: true }));
  expect(every).toContain("added b.git/HEAD");
  expect(every).toContain("removed r/.git/HEAD");
  expect(inShort(await repository.diff("latest", { path: "r/.git/HEAD" }))).toEqual([
    "removed r/.git/HEAD",
  ]);
  const reasons = (await repository.verify()).different.map(({ reason }) => reason);
  expect(reasons).toEqual(["is not in the snapshot", "is missing"]);
});

test("N43: an empty folder that became a repository is told", async () => {
  await using repository = await Repository.captured();
  git(repository.at(""), "init", "-q", "--bare", "b.git");
  expect(inShort(await repository.diff())).toEqual(["added b.git"]);
  rmSync(repository.at("b.git"), { recursive: true });
  mkdirSync(repository.at("b.git"));
  await repository.capture();
  git(repository.at(""), "init", "-q", "--bare", "b.git");
  expect(inShort(await repository.diff())).toEqual(["unit b.git"]);
});

test("N45: a repository that is torn now is never told as the same", async () => {
  await using repository = await Repository.captured();
  const tree = repository.git("rev-parse", "HEAD^{tree}");
  rmSync(repository.at(`r/.git/objects/${tree.slice(0, 2)}`), { recursive: true });
  expect((await repository.diff()).changes).toMatchObject([
    {
      change: "unjudged",
      path: "r/.git",
      vcs: "git",
      reasons: expect.arrayContaining(["tip-tree-missing HEAD"]),
    },
  ]);
  await repository.capture();
  const [difference] = (await repository.verify()).different;
  expect(difference).toMatchObject({ path: "r/.git" });
  expect(difference?.reason).toMatch(/^cannot be judged: ./u);
});

test("N50: modes alone are no difference at level 3, and one of diff", async () => {
  await using repository = await Repository.captured();
  chmodSync(repository.at("r/.git/config"), 0o600);
  expect((await repository.verify()).different).toEqual([]);
  expect((await repository.diff()).changes).toMatchObject([{ change: "unit", parts: ["config"] }]);
});
