import fs from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { LogRow } from "../../src/core/tree/index-rows.ts";
import { runCheck } from "../../src/engine/check/check.ts";
import type { CheckFinding } from "../../src/engine/check/finding.ts";
import type { EngineDeps } from "../../src/engine/engine-deps.ts";
import type { Contents } from "./world-contents.ts";
import { replay, type Picture } from "./world-replay.ts";
import type { World } from "./world.ts";

/** Both sides at one moment. */
export type Pictures = { readonly local: Picture; readonly remote: Picture };

export async function picturesOf({ local, remote }: World): Promise<Pictures> {
  return { local: local.tree(), remote: await remote.tree() };
}

/** What the log says was done leads from one picture to the present one (P10). */
export async function assertLogged(
  world: World,
  before: Pictures,
  log: readonly LogRow[],
): Promise<void> {
  const now = await picturesOf(world);
  for (const side of ["local", "remote"] as const) {
    const found = [...now[side]].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const explained = [...replay(side, before[side], log)];
    expect(found, `the log explains the ${side} tree`).toEqual(explained);
  }
}

/** Every content that a user wrote and did not give up is somewhere (P1). */
export async function assertNothingLost({ local, remote, contents }: World): Promise<void> {
  const there = (await remote.all()).values();
  const kept = new Set([...local.tree().values(), ...there, ...local.own("trash").values()]);
  expect(contents.lost(kept), "contents that are nowhere").toEqual([]);
}

/** Nothing is left under way, on either side or beside them. */
export async function assertClean({ local, remote, index, wire }: World): Promise<void> {
  const left = [...local.tree().keys(), ...(await remote.all()).keys()];
  expect(left.filter((name) => name.includes(".snap-tmp-"))).toEqual([]);
  expect([...local.own("staging").keys()], "staging").toEqual([]);
  expect(index.intents(), "open intents").toEqual([]);
  expect(wire.strays, "calls for what is not in the linked folder, P8").toEqual([]);
  const folder = path.dirname(local.top);
  // On a disk in memory there is none.
  if (!fs.existsSync(folder)) return;
  const beside = fs.readdirSync(folder).filter((name) => name !== path.basename(local.top));
  expect(beside, "beside the workspace").toEqual(["beside"]);
  expect(fs.readFileSync(path.join(folder, "beside"), "utf8")).toBe("not ours");
}

/** What `snap check --rehash` finds (S103). */
export async function findingsOf(deps: EngineDeps): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = [];
  const onFinding = (finding: CheckFinding): void => void findings.push(finding);
  await runCheck(deps, { rehash: true, dryRun: false, left: [], onFinding }, {});
  return findings;
}

/** A tree as text: `path: content`, or `path/` for a folder that holds nothing. */
export function treeText(tree: Picture, contents: Contents): string {
  const names = [...tree.keys()].toSorted();
  const isEmpty = (folder: string): boolean => !names.some((name) => name.startsWith(`${folder}/`));
  return names
    .flatMap((name) => {
      const hash = tree.get(name) ?? "";
      if (hash !== "") return [`${name}: ${contents.show(hash)}`];
      return isEmpty(name) ? [`${name}/`] : [];
    })
    .join("\n");
}
