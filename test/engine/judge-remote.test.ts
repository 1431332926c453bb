import { expect, test } from "vitest";
import type { RemoteChange } from "../../src/core/tree/remote-item.ts";
import { isBelow, pathOf } from "../../src/core/tree/tree-view.ts";
import { rootNode } from "../../src/core/tree/node.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { standings } from "../../src/engine/scope/standing.ts";
import { randomFraction, seededRng, type Rng } from "../../src/std/random.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";
import { folder, item, listing, listingAnew, refused, removed } from "./remote-pages.ts";

const names = ["a", "b", "ign", "x.tmp", ".git", "HEAD", "objects", "refs", "config", "con"];
const ids = Array.from({ length: 14 }, (_, id) => `I${id}`);

function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[Math.floor(randomFraction(rng) * list.length)] as T;
}

function randomPath(rng: Rng): string {
  const depth = 1 + Math.floor(randomFraction(rng) * 3);
  return Array.from({ length: depth }, () => pick(rng, names)).join("/");
}

/** What a hostile server may say: any id at any place, in any order. */
function randomChange(rng: Rng): RemoteChange {
  const roll = randomFraction(rng);
  const path = randomPath(rng);
  if (roll < 0.4) return folder(path, pick(rng, ids));
  if (roll < 0.75) return item(path, pick(rng, ids), { rev: `r${Math.floor(roll * 1_000)}` });
  return roll < 0.97 ? removed(path.toLowerCase()) : refused(path.toLowerCase());
}

/** Every row judged at once, as after a change of the rules. */
async function judgedWholly(workspace: LinkedWorkspace): Promise<readonly string[]> {
  const held: string[] = [];
  const scope = await loadScope(workspace.deps);
  const all = [
    ...standings(workspace.index.remote, scope, ({ path }) => held.push(`held ${path}`)),
  ];
  const told = all.filter(({ reason }) => reason !== undefined).map(({ path }) => `told ${path}`);
  return [...all.map((one) => `${one.path} ${one.scope}`), ...told, ...held].toSorted();
}

function judgedSoFar({ index }: LinkedWorkspace): readonly string[] {
  const rows = [...index.remote.all()].map(
    (row) => `${pathOf(index.remote, row.node)} ${row.scope}`,
  );
  const notes = index.remoteMemory.notes().flatMap(({ node, kind }) => {
    const path = node === rootNode ? "" : pathOf(index.remote, node);
    if (path === undefined) return [];
    return [`${kind === "repository" ? "held" : "told"} ${path}`];
  });
  return [...rows, ...notes].toSorted();
}

test.each([
  ["refuse", 1],
  ["refuse", 2],
  ["refuse", 3],
  ["exclude", 4],
  ["exclude", 5],
  ["exclude", 6],
] as const)(
  "S5, S31, S91: after any pages what was touched stands as all rows judged at once: %s, seed %i",
  async (repos, seed) => {
    const rng = seededRng(seed);
    await using workspace = await LinkedWorkspace.open({}, { repos });
    await workspace.write(".mignore", "ign/\n*.tmp\na/b/config\n");
    workspace.deps.remote.get = () => Promise.resolve(undefined);
    for (let round = 0; round < 40; round += 1) {
      const pages = Array.from({ length: 1 + Math.floor(randomFraction(rng) * 2) }, () =>
        Array.from({ length: Math.floor(randomFraction(rng) * 8) }, () => randomChange(rng)),
      );
      const look = randomFraction(rng) < 0.15 ? listingAnew : listing;
      await look(workspace, ...pages);
      expect(judgedSoFar(workspace), `round ${round}`).toEqual(await judgedWholly(workspace));
      expectTree(workspace);
    }
  },
);

/** No orphan, no circle, one node at a place and an id at one place. */
function expectTree({ index: { remote } }: LinkedWorkspace): void {
  const rows = [...remote.all()];
  for (const { node, parent } of rows) {
    expect(pathOf(remote, node)).toBeDefined();
    expect(isBelow(remote, parent, node)).toBe(false);
  }
  const places = rows.map(({ parent, key }) => `${parent}/${key}`);
  expect(new Set(places).size).toBe(rows.length);
  expect(new Set(rows.map(({ remoteId }) => remoteId)).size).toBe(rows.length);
}
