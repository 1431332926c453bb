import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { UnitSink } from "../../src/core/repo/unit.ts";
import { CapturedHistory } from "../../src/guard/captured-history.ts";
import { FolderSink } from "../../src/guard/unit-folder.ts";
import { copyHistory, type HistoryCopy, type Pass } from "../../src/guard/unit-history.ts";
import { gitLayout } from "../../src/guard/unit-layout.ts";
import { writeLooseObjects } from "../support/loose-objects.ts";
import { git, Scratch } from "./repositories.ts";
import { gitdirOf } from "./units.ts";

const objects = Buffer.from("objects");

/** The history of a scratch repository on its way into a folder, of which hardly any files are held. */
class Way implements Disposable {
  readonly scratch = new Scratch();
  readonly gitdir: string;
  readonly into: string;
  readonly copied: string[] = [];
  readonly captured = new CapturedHistory();
  onStep: () => void = () => {};
  readonly #sink: UnitSink;

  constructor() {
    this.scratch.base();
    this.gitdir = gitdirOf(this.scratch);
    this.into = join(this.scratch.root, "copy");
    const folder = new FolderSink(Buffer.from(this.into));
    this.#sink = {
      file: async (entry) => {
        this.copied.push(entry.path.toString());
        return await folder.file(entry);
      },
      plain: async (entry) => await folder.plain(entry),
      remove: async (path) => await folder.remove(path),
    };
  }

  async pass(heldMax: number): Promise<Pass> {
    await this.captured.keepOnly([objects], this.#sink);
    const copy: HistoryCopy = {
      part: { root: Buffer.from(this.gitdir), layout: gitLayout },
      folders: [objects],
      sink: this.#sink,
      captured: this.captured,
      heldMax,
      step: () => Promise.resolve(this.onStep()),
    };
    return await copyHistory(copy);
  }

  async keepNone(): Promise<void> {
    await this.captured.keepOnly([], this.#sink);
  }

  names(of: string): readonly string[] {
    return readdirSync(join(of, "objects"), { recursive: true }).map(String).toSorted();
  }

  [Symbol.dispose](): void {
    this.scratch[Symbol.dispose]();
  }
}

test.each([100_000, 1])(
  "N6, N44: the history is copied in order, and once, with %i files held",
  async (heldMax) => {
    using way = new Way();
    git(way.scratch.at("."), "repack", "-q", "-a", "-d");
    writeLooseObjects(way.gitdir, 300);
    expect(await way.pass(heldMax)).toMatchObject({ settled: true, unreadable: [], leftOut: [] });
    const isLoose = (name: string): boolean => /^objects\/[0-9a-f]{2}\//u.test(name);
    const late = way.copied.filter((name) => !isLoose(name));
    expect(late.slice(0, 2).map((name) => name.slice(name.lastIndexOf(".")))).toEqual([
      ".pack",
      ".idx",
    ]);
    expect(way.copied.slice(-late.length), "packs come last").toEqual(late);
    expect(way.names(way.into)).toEqual(
      expect.arrayContaining(way.copied.map((name) => name.slice(8))),
    );
    const before = way.copied.length;
    expect(await way.pass(heldMax)).toMatchObject({ settled: true });
    expect(way.copied.length, "nothing is copied again").toBe(before);
  },
);

test.each([100_000, 1])(
  "N44: a pack that comes or goes meanwhile unsettles the pass, with %i files held",
  async (heldMax) => {
    using way = new Way();
    writeLooseObjects(way.gitdir, 10);
    const pack = join(way.gitdir, "objects/pack/pack-1.pack");
    way.onStep = () => writeFileSync(pack, "PACK");
    expect(await way.pass(heldMax)).toMatchObject({ settled: false });
    way.onStep = () => rmSync(pack, { force: true });
    rmSync(join(way.into, "objects/pack"), { recursive: true, force: true });
    const again = new Way();
    using _ = again;
    writeLooseObjects(again.gitdir, 10);
    const other = join(again.gitdir, "objects/pack/pack-1.pack");
    writeFileSync(other, "PACK");
    again.onStep = () => rmSync(other, { force: true });
    expect(await again.pass(heldMax)).toMatchObject({ settled: false });
  },
);

test("N44: what is replaced under its name is copied again, and taken out when it is gone", async () => {
  using way = new Way();
  const info = join(way.gitdir, "objects/info/packs");
  writeFileSync(info, "P one\n");
  await way.pass(1);
  writeFileSync(`${info}.new`, "P two, and longer\n");
  renameSync(`${info}.new`, info);
  await way.pass(1);
  expect(way.copied.filter((name) => name === "objects/info/packs")).toHaveLength(2);
  rmSync(info);
  await way.pass(1);
  expect(existsSync(join(way.into, "objects/info/packs"))).toBe(false);
});

test("N44: a part of the history that went is taken out, and copied anew when it comes again", async () => {
  using way = new Way();
  await way.pass(1);
  const count = way.copied.length;
  await way.keepNone();
  expect(existsSync(join(way.into, "objects"))).toBe(false);
  await way.pass(1);
  expect(way.copied.length).toBe(2 * count);
});
