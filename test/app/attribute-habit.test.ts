import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { captureWorkspace } from "../../src/app/capture.ts";
import { captureSaving } from "../../src/app/save-before.ts";
import type { Environment } from "../../src/app/environment.ts";
import { requireLink } from "../../src/app/find-workspace.ts";
import { scheduledCapture } from "../../src/app/schedule-world.ts";
import { openSnapshotStore } from "../../src/app/store.ts";
import { openLinked } from "../../src/app/workspace.ts";
import { knowsAttributes } from "../cli/attribute-runs.ts";
import { LinkedHome } from "./linked-home.ts";

/** What is taken by hand, by the schedule, and before something is restored. */
class Habit implements AsyncDisposable {
  readonly log: string[] = [];
  readonly environment: Environment;
  readonly #home: LinkedHome;
  #edits = 0;

  constructor(home: LinkedHome) {
    this.#home = home;
    const variables = { ...home.environment.variables, PATH: process.env["PATH"] };
    const note = (what: string): void => void this.log.push(what);
    const logger = { error: note, info: () => {}, debug: () => {} };
    this.environment = { ...home.environment, variables, logger };
  }

  static async open(): Promise<Habit> {
    return new Habit(await LinkedHome.open({ a: "1" }));
  }

  async byHand(words: { readonly xattrs?: boolean; readonly paths?: readonly string[] }) {
    const request = { place: this.#home.place, tags: [], force: true, dryRun: false };
    await captureWorkspace(this.environment, { ...request, ...words }, {});
  }

  /** Whether the next ones, by the schedule and before a restore, have attributes. */
  async next(environment: Environment = this.environment): Promise<readonly boolean[]> {
    this.#edits += 1;
    this.#home.write("a", `edit ${this.#edits}`);
    const record = requireLink(environment, this.#home.place);
    await using workspace = await openLinked(environment, record, "start");
    const saving = { reason: "before-restore", side: "local", paths: undefined } as const;
    const taken = await scheduledCapture(workspace, new AbortController().signal);
    const saved = await captureSaving(workspace, { ...saving, label: "restore 1" }, {});
    return [saved, taken].map(({ root }) => root.attributes === true);
  }

  async forget(): Promise<void> {
    const store = await openSnapshotStore(this.environment);
    const manual = (await store.list()).filter(({ reason }) => reason === "manual");
    const ids = manual.map(({ id }) => id);
    await store.keeping.forget({ ids, reason: "manual", evenLastCopy: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home[Symbol.asyncDispose]();
  }
}

test.runIf(knowsAttributes)(
  "N38: what was last taken by hand of the whole says whether others have attributes",
  async () => {
    await using habit = await Habit.open();
    expect(await habit.next()).toEqual([false, false]);
    await habit.byHand({ xattrs: true });
    expect(await habit.next()).toEqual([true, true]);
    await habit.byHand({ paths: ["a"] });
    expect(await habit.next()).toEqual([true, true]);
    await habit.byHand({});
    expect(await habit.next()).toEqual([false, false]);
    await habit.byHand({ xattrs: true });
    await habit.next();
    await habit.forget();
    expect(await habit.next(), "the last of the schedule had some").toEqual([true, true]);
    expect(habit.log).toEqual([]);
  },
);

test.runIf(knowsAttributes)(
  "N38: without the programs they are taken all the same, and the log says so",
  async () => {
    await using habit = await Habit.open();
    await habit.byHand({ xattrs: true });
    const empty = mkdtempSync(path.join(os.tmpdir(), "snap-no-programs-"));
    try {
      const variables = { ...habit.environment.variables, PATH: empty };
      expect(await habit.next({ ...habit.environment, variables })).toEqual([false, false]);
    } finally {
      rmSync(empty, { recursive: true });
    }
    expect(new Set(habit.log)).toEqual(
      new Set(["A snapshot is taken without extended attributes"]),
    );
  },
);
