import fs from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { DatabaseSync } from "node:sqlite";
import { copiesOf } from "../../src/state/backup.ts";
import type { SyncRun } from "./sync-run.ts";

/** One step of a protocol, to be cut off everywhere. */
export type Protocol = {
  readonly name: string;
  /** What both sides hold before: `path: content`, or `path/`. */
  readonly base?: (run: SyncRun) => void;
  /**
   * What users do before the `k`th kill. Both sides are equal before.
   *
   * @returns the tree that both must end in, as `SyncRun.trees` gives them
   */
  readonly arrange: (run: SyncRun, k: number) => Promise<string>;
  /** Which fault points, where not all. */
  readonly only?: string;
  /** A copy of the index is part of it. */
  readonly copies?: boolean;
  readonly check?: (run: SyncRun) => void;
};

/** More than any protocol has kills. */
const spare = 120;

const each =
  (name: (k: number) => string) =>
  (run: SyncRun): void => {
    for (let k = 0; k < spare; k += 1) run.local.write(name(k), `of ${name(k)}`);
  };

const local = async (run: SyncRun): Promise<string> => (await run.trees()).local;
const remote = async (run: SyncRun): Promise<string> => (await run.trees()).remote;

/** The two names in the order in which one of them is there. */
const oneOf = (run: SyncRun, a: string, b: string): readonly [string, string] =>
  fs.existsSync(run.local.at(a)) && fs.readdirSync(run.local.top).includes(a) ? [a, b] : [b, a];

const lines = (...parts: readonly string[]): string =>
  parts
    .flatMap((part) => part.split("\n"))
    .toSorted()
    .join("\n");

const largeBytes = 8 * 1024 * 1024 + 70_000;
const minuteMs = 60_000;

/** Every protocol of §8 of the design, and what else is written in more than one step. */
export const protocols: readonly Protocol[] = [
  {
    name: "L.put, a new file in a new folder",
    arrange: async (run, k) => {
      await run.remote.write(`new${k}/f`, `new ${k}`);
      return remote(run);
    },
  },
  {
    name: "L.put, a file replaced",
    base: (run) => run.local.write("f", "old"),
    arrange: async (run, k) => {
      await run.remote.write("f", `theirs ${k}`);
      return remote(run);
    },
  },
  {
    name: "L.move, a file",
    base: (run) => run.local.write("m0", "moved"),
    arrange: async (run) => {
      await run.remote.move(...oneOf(run, "m0", "m1"));
      return remote(run);
    },
  },
  {
    name: "L.move, a folder",
    base: (run) => {
      run.local.write("d0/f", "1");
      run.local.write("d0/s/g", "2");
    },
    arrange: async (run) => {
      await run.remote.move(...oneOf(run, "d0", "d1"));
      return remote(run);
    },
  },
  {
    name: "L.move, two names swapped",
    base: (run) => {
      run.local.write("x", "1");
      run.local.write("y", "2");
    },
    arrange: async (run) => {
      await run.remote.move("x", "t");
      await run.remote.move("y", "x");
      await run.remote.move("t", "y");
      return remote(run);
    },
  },
  {
    name: "L.trash, a file",
    base: each((k) => `t${k}`),
    arrange: async (run, k) => {
      await run.remote.remove(`t${k}`);
      return remote(run);
    },
  },
  {
    name: "L.trash, a folder",
    base: each((k) => `g${k}/s/f`),
    arrange: async (run, k) => {
      await run.remote.remove(`g${k}`);
      return remote(run);
    },
  },
  {
    name: "L.aside, a conflict",
    base: each((k) => `c${k}`),
    arrange: async (run, k) => {
      run.local.write(`c${k}`, `mine ${k}`);
      await run.remote.write(`c${k}`, `theirs ${k}`);
      return lines(await remote(run), `c${k} CC: mine ${k}`);
    },
  },
  {
    name: "R.put, a small file in a new folder",
    arrange: (run, k) => {
      run.local.write(`new${k}/f`, `new ${k}`);
      return local(run);
    },
  },
  {
    name: "R.put, a file replaced",
    base: (run) => run.local.write("f", "old"),
    arrange: (run, k) => {
      run.local.write("f", `mine ${k}`);
      return local(run);
    },
  },
  {
    name: "R.put, an upload session",
    arrange: (run, k) => {
      run.local.write("large", Buffer.alloc(largeBytes, `large ${k} `));
      return local(run);
    },
  },
  {
    name: "R.move, a file",
    base: (run) => run.local.write("m0", "moved"),
    arrange: (run) => {
      run.local.move(...oneOf(run, "m0", "m1"));
      return local(run);
    },
  },
  {
    name: "R.move, only the case",
    base: (run) => run.local.write("Name.txt", "moved"),
    arrange: (run) => {
      run.local.move(...oneOf(run, "Name.txt", "nAME.TXT"));
      return local(run);
    },
  },
  {
    name: "R.move, two names swapped",
    base: (run) => {
      run.local.write("x", "1");
      run.local.write("y", "2");
    },
    arrange: (run) => {
      run.local.move("x", "t");
      run.local.move("y", "x");
      run.local.move("t", "y");
      return local(run);
    },
  },
  {
    name: "R.delete",
    base: each((k) => `t${k}`),
    arrange: (run, k) => {
      run.local.remove(`t${k}`);
      return local(run);
    },
  },
  {
    name: "R.deleteDir",
    base: each((k) => `g${k}/s/f`),
    arrange: (run, k) => {
      run.local.remove(`g${k}`);
      return local(run);
    },
  },
  {
    name: "a first link of two full sides",
    only: ".",
    base: (run) => run.local.write("both", "equal"),
    arrange: async (run, k) => {
      for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(run.indexFile + suffix, { force: true });
      run.local.write("mine", `mine ${k}`);
      await run.remote.remove("mine").catch(() => {});
      await run.remote.write(`theirs${k}`, `theirs ${k}`);
      return lines(await remote(run), `mine: mine ${k}`);
    },
  },
  {
    name: "new rules arrive",
    base: (run) => run.local.write("f", "old"),
    arrange: async (run, k) => {
      await run.remote.write(".mignore", `# ${k}\n*.log\n`);
      run.local.write("f", `mine ${k}`);
      return (await remote(run)).replace(/^f: .*$/m, `f: mine ${k}`);
    },
  },
  {
    name: "the copy of the index",
    only: "copies",
    copies: true,
    arrange: (run, k) => {
      run.aheadMs += 61 * minuteMs;
      run.local.write("f", `mine ${k}`);
      return local(run);
    },
    check: (run) => {
      for (const copy of copiesOf(run.indexFile)) {
        using database = new DatabaseSync(copy, { readOnly: true });
        expect(Object.values(database.prepare("PRAGMA quick_check").get() ?? {})).toEqual(["ok"]);
      }
    },
  },
  {
    name: "the index is lost, and a copy takes its place",
    base: (run) => run.local.write("f", "old"),
    only: "index\\.db",
    arrange: (run, k) => {
      const copies = path.join(path.dirname(run.indexFile), "copies");
      fs.mkdirSync(copies, { recursive: true });
      if (k === 0) fs.copyFileSync(run.indexFile, path.join(copies, "index-1.db"));
      fs.truncateSync(run.indexFile, 5_000);
      run.local.write(`new${k}`, `new ${k}`);
      return local(run);
    },
  },
  {
    name: "a late edit comes back",
    base: (run) => run.local.write("f", "old"),
    arrange: async (run, k) => {
      const handle = fs.openSync(run.local.at("f"), "r+");
      await run.remote.write("f", `theirs ${k}`);
      await run.sync();
      const late = `late ${k}, longer than what was there`;
      run.contents.wrote("late", Buffer.from(late), undefined);
      fs.writeSync(handle, late);
      fs.closeSync(handle);
      run.aheadMs += 2 * minuteMs;
      return lines(await remote(run), `f RE: ${late}`);
    },
  },
];
