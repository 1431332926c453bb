import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { scenarios, type Scenario } from "./scenarios.ts";
import { plannedDisk, Stopped } from "./stopping-disk.ts";
import { rel, Scratch, treeOf } from "./scratch.ts";

/** Things that a user or a program does while an act is under way. */
type Meddling = { readonly name: string; readonly writes: boolean; act(path: string): void };

const edit = "somebody's edit, longer than the rest";

const writes: Meddling = {
  name: "writes in place",
  writes: true,
  act: (path) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, edit);
  },
};

const saves: Meddling = {
  name: "saves by rename",
  writes: true,
  act: (path) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, edit);
    renameSync(`${path}.part`, path);
  },
};

const removes: Meddling = {
  name: "removes",
  writes: false,
  act: (path) => rmSync(path, { force: true }),
};

const meddlings: readonly Meddling[] = [writes, saves, removes];

/** A folder in the place of a file makes the file system refuse, and there is nothing that could be lost. */
function meddle(meddling: Meddling, path: string): () => void {
  return () => {
    try {
      meddling.act(path);
    } catch (error) {
      if (!(error instanceof Error) || !/EISDIR|ENOTDIR|ERR_FS_EISDIR/u.test(error.message)) {
        throw error;
      }
      throw new Skipped();
    }
  };
}

class Skipped extends Error {}

async function countCalls(scenario: Scenario): Promise<number> {
  using scratch = new Scratch(scenario.files);
  const act = await scenario.act(scratch);
  const { disk, calls } = plannedDisk({});
  await scratch.side(disk).perform(act);
  return calls.length;
}

/** Texts that nobody but the act, and whoever saves over them, may take away. */
const replaceable = new Set(["old text", "new"]);

/** The edit is among the user's own files, and every other text is somewhere. */
function expectKept(scratch: Scratch, texts: Set<string>, meddling: Meddling): void {
  const user = Object.values(scratch.user());
  if (meddling.writes) expect(user, "the edit is where the user finds it").toContain(edit);
  const kept = scratch.texts();
  for (const text of texts) if (!replaceable.has(text)) expect(kept).toContain(text);
}

/** False where the meddling was not possible. */
async function ranWhole(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (error instanceof Skipped) return false;
    throw error;
  }
}

async function meddleOnce(scenario: Scenario, meddling: Meddling, at: number): Promise<void> {
  using scratch = new Scratch(scenario.files);
  const act = await scenario.act(scratch);
  const texts = scratch.texts();
  const meanwhile = { at, act: meddle(meddling, scratch.at(scenario.place)) };
  const whole = await ranWhole(async () => {
    const outcome = await scratch.side(plannedDisk({ meanwhile }).disk).perform(act);
    if (outcome.state !== "done" || act.act !== "place" || outcome.stat?.kind !== "file") return;
    const now = await scratch.side().stat(rel(act.path));
    const ours = scratch.read(act.path) === "new";
    expect(now?.stamp === outcome.stat.stamp, "a foreign text has no stamp of ours").toBe(ours);
  });
  if (whole) expectKept(scratch, texts, meddling);
}

describe("S64, S68, S69, S70: what somebody writes at any moment of an act stays among the user's files", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const count = await countCalls(scenario);
    for (const meddling of meddlings) {
      for (let at = 0; at < count; at += 1) await meddleOnce(scenario, meddling, at);
    }
  });
});

test("S68: files that are saved at both places while a folder moves stay, whichever call they precede", async () => {
  const scenario = scenarios.find(({ name }) => name === "move a folder");
  if (scenario === undefined) throw new Error("no such scenario");
  const count = await countCalls(scenario);
  for (let at = 0; at < count; at += 1) {
    using scratch = new Scratch(scenario.files);
    const act = await scenario.act(scratch);
    const saved = new Set<string>();
    const save = (path: string): void => {
      rmSync(scratch.at(path), { recursive: true, force: true });
      writeFileSync(scratch.at(path), `saved at ${path}`);
      saved.add(`saved at ${path}`);
    };
    const meanwhile = { at, act: () => ["docs/deep", "other/deep"].forEach(save) };
    await scratch.side(plannedDisk({ meanwhile }).disk).perform(act);
    expect(new Set(Object.values(scratch.user())).isSupersetOf(saved), `call ${at}`).toBe(true);
  }
});

/** @returns whether the act was still under way at the second call. */
async function meddleAndStop(scenario: Scenario, at: number, stopAt: number): Promise<boolean> {
  using scratch = new Scratch(scenario.files);
  const act = await scenario.act(scratch);
  const texts = scratch.texts();
  const meanwhile = { at, act: meddle(saves, scratch.at(scenario.place)) };
  const { disk } = plannedDisk({ meanwhile, stop: { at: stopAt, when: "before" } });
  try {
    await scratch.side(disk).perform(act);
    return false;
  } catch (error) {
    if (error instanceof Skipped) return false;
    if (!(error instanceof Stopped)) throw error;
  }
  await scratch.side().settle(act);
  expectKept(scratch, texts, saves);
  const once = scratch.user();
  await scratch.side().settle(act);
  expect(scratch.user()).toEqual(once);
  return true;
}

describe("S75: an edit that races with an act survives its crash too", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const count = await countCalls(scenario);
    for (let at = 0; at < count; at += 5) {
      let stopAt = at + 1;
      while (await meddleAndStop(scenario, at, stopAt)) stopAt += 7;
    }
  });
});

describe("X3: a folder that is swapped for a link at any moment leads nowhere", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const count = await countCalls(scenario);
    for (let at = 0; at < count; at += 2) {
      using scratch = new Scratch(scenario.files);
      const act = await scenario.act(scratch);
      const outside = join(scratch.root, "outside");
      mkdirSync(outside);
      writeFileSync(join(outside, "a.txt"), "old text");
      const swap = (): void => {
        if (!treeOf(scratch.top)["docs"]) renameSync(scratch.at("docs"), scratch.at("moved"));
        symlinkSync(outside, scratch.at("docs"));
      };
      const meanwhile = { at, act: ignoreMissing(swap) };
      await scratch.side(plannedDisk({ meanwhile }).disk).perform(act).catch(expectSnapError);
      await scratch.side().settle(act).catch(expectSnapError);
      expect(treeOf(outside)).toEqual({ "a.txt": "old text" });
    }
  });
});

function ignoreMissing(act: () => void): () => void {
  return () => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Error) || !/ENOENT|EEXIST/u.test(error.message)) throw error;
    }
  };
}

function expectSnapError(error: unknown): void {
  expect(error).toMatchObject({ name: "SnapError" });
}
