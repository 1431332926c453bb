import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { undoRestore } from "../../src/restore/undo.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { seededRng } from "../../src/std/random.ts";
import { RandomTree, standingIn, type Standing } from "../support/random-tree.ts";
import { Unlinked } from "./unlinked-world.ts";

const request = {
  snapshot: "S",
  paths: [],
  consent: { by: "yes" },
  specialModes: true,
} as const;

/** Modes 0000 and the like are read by root alone. */
const isRoot = process.getuid?.() === 0;

/** Node sets times by a double, of microseconds: see T11. */
const slackNs = 1_000n;

/** What differs between two trees, one line a place. */
function differences(
  before: ReadonlyMap<string, Standing>,
  after: ReadonlyMap<string, Standing>,
): readonly string[] {
  const places = [...new Set([...before.keys(), ...after.keys()])];
  return places.flatMap((place) => {
    const difference = differenceOf(before.get(place), after.get(place));
    return difference === undefined ? [] : [`${JSON.stringify(place.slice(0, 60))}: ${difference}`];
  });
}

function differenceOf(a: Standing | undefined, b: Standing | undefined): string | undefined {
  if (a === undefined || b === undefined) return a === undefined ? "new" : "gone";
  const apart = a.modifiedNs - b.modifiedNs;
  if (apart > slackNs || apart < -slackNs) return `time ${a.modifiedNs} ${b.modifiedNs}`;
  const plain = ({ kind, mode, owner, content, sameAs }: Standing): unknown => [
    kind,
    mode,
    owner,
    content,
    sameAs,
  ];
  const [one, other] = [JSON.stringify(plain(a)), JSON.stringify(plain(b))];
  return one === other ? undefined : `${one} ${other}`;
}

async function capture(world: Unlinked): Promise<void> {
  await (
    await world.deps()
  ).capture({ reason: "before-restore", side: "local", paths: undefined, label: "S" }, {});
}

function empty(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    if (name !== ".snap") fs.rmSync(path.join(folder, name), { recursive: true });
  }
}

/** A restore refuses to write into folders that nobody may write to. */
function makeWritable(folder: string): void {
  execFileSync("find", [folder, "-type", "d", "-exec", "chmod", "u+w", "{}", "+"]);
}

async function copyOf(store: OpenedStore, to: string): Promise<ReadonlyMap<string, Standing>> {
  const [root] = await store.list();
  if (root === undefined) throw new Error("There is no snapshot");
  const left: unknown[] = [];
  await store.copyOut(
    { root, to, specialModes: true, owners: isRoot, onLeft: (one) => left.push(one) },
    {},
  );
  expect(left).toEqual([]);
  return standingIn(to);
}

for (let seed = 1; seed <= 8; seed += 1) {
  test.runIf(isRoot)(
    `N38, T11: what was captured of random tree ${seed} is restored and copied as it was`,
    async () => {
      await using world = new Unlinked();
      new RandomTree(world.top, seededRng(seed)).make({ entries: 120, depth: 6 });
      const before = standingIn(world.top);
      expect(before.size).toBeGreaterThan(40);
      await capture(world);
      const copied = await copyOf(await world.store(), path.join(world.folder, "copy"));
      expect(differences(before, copied)).toEqual([]);
      empty(world.top);
      expect(await restoreSnapshot(await world.deps(), request)).toMatchObject({ exit: 0 });
      expect(differences(before, standingIn(world.top))).toEqual([]);
    },
  );
}

for (let seed = 1; seed <= 4; seed += 1) {
  test.runIf(isRoot)(
    `T44: an undo makes of a restored disk what random tree ${seed} was, to the last bit`,
    async () => {
      await using world = new Unlinked();
      new RandomTree(world.top, seededRng(seed)).make({ entries: 60, depth: 4 });
      makeWritable(world.top);
      await capture(world);
      empty(world.top);
      new RandomTree(world.top, seededRng(seed + 100)).make({ entries: 60, depth: 4 });
      makeWritable(world.top);
      const before = standingIn(world.top);
      expect(await restoreSnapshot(await world.deps(), request)).toMatchObject({ exit: 0 });
      expect(differences(before, standingIn(world.top))).not.toEqual([]);
      const undo = { restore: undefined, skipChanged: false, consent: request.consent };
      expect(await undoRestore(await world.deps(), undo)).toMatchObject({ exit: 0 });
      expect(differences(before, standingIn(world.top))).toEqual([]);
    },
  );
}
