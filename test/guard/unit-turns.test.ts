import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { lookAtUnit } from "../../src/guard/look-unit.ts";
import { writeLooseObjects } from "../support/loose-objects.ts";
import { git, Scratch } from "./repositories.ts";
import { captureInto, gitdirOf, placeOf } from "./units.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Counts the calls to the disk that hold everything up, from one turn of the event loop to the next. */
class CallsInARow implements Disposable {
  most = 0;
  readonly #restore: () => void;
  #now = 0;
  #isOver = false;

  constructor() {
    const { lstatSync, openSync } = fs;
    const counted =
      <Args extends readonly unknown[], Result>(call: (...args: Args) => Result) =>
      (...args: Args): Result => {
        this.#now += 1;
        this.most = Math.max(this.most, this.#now);
        return call(...args);
      };
    Object.assign(fs, { lstatSync: counted(lstatSync), openSync: counted(openSync) });
    syncBuiltinESMExports();
    this.#restore = () => {
      Object.assign(fs, { lstatSync, openSync });
      syncBuiltinESMExports();
    };
    this.#turn();
  }

  #turn(): void {
    this.#now = 0;
    if (!this.#isOver) setImmediate(() => this.#turn());
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#restore();
  }
}

test("N61: everything else has its turns while a repository of many loose objects is looked at and captured", async () => {
  using scratch = new Scratch();
  scratch.base();
  writeLooseObjects(gitdirOf(scratch), 3_000);
  using calls = new CallsInARow();
  const look = await lookAtUnit(placeOf(gitdirOf(scratch)), undefined);
  expect(look.leftOut).toEqual([]);
  expect(calls.most, "looked at").toBeLessThan(200);
  const into = join(scratch.root, "restored");
  const captured = await captureInto(scratch, { place: placeOf(gitdirOf(scratch)), into });
  expect(captured.word).toBe("verified");
  // The 256 folders of objects are looked at in one go; of what is in them only a part.
  expect(calls.most, "captured").toBeLessThan(800);
});

test("N61: everything else has its turns while a repository of many refs and reflogs is captured", async () => {
  using scratch = new Scratch();
  scratch.base();
  const gitdir = gitdirOf(scratch);
  const head = git(scratch.at("."), "rev-parse", "HEAD").trim();
  const line = `${"0".repeat(40)} ${head} A <a@b> 1 +0000\tbranch: Created from HEAD\n`;
  for (let number = 0; number < 2_000; number += 1) {
    const name = `refs/heads/topic/${number}`;
    for (const [file, text] of [
      [name, `${head}\n`],
      [`logs/${name}`, line],
    ] as const) {
      fs.mkdirSync(dirname(join(gitdir, file)), { recursive: true });
      fs.writeFileSync(join(gitdir, file), text);
    }
  }
  using calls = new CallsInARow();
  const into = join(scratch.root, "restored");
  const captured = await captureInto(scratch, { place: placeOf(gitdir), into });
  expect(captured.word).toBe("verified");
  expect(calls.most, "captured").toBeLessThan(600);
});
