/** The rules of Git in the scope of a cycle (G50). */
import { expect, test } from "vitest";
import { rulesOf } from "../../src/core/ignore.ts";
import { parseRelPath, topPath } from "../../src/core/path/rel-path.ts";
import { gitIgnored, noGitRules, type GitIgnored } from "../../src/core/repo/git-ignored.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { World } from "../support/world.ts";

function ignoring(text: string): GitIgnored {
  const { tracked } = noGitRules;
  return gitIgnored([{ folder: topPath, rules: rulesOf(text), tracked }], new Map());
}

test("G50: rules that are gone for a moment, as while an editor saves them, stay in force", async () => {
  await using world = await World.synced("a: 1\nb.log: 2");
  const looks = ["*.log", "*.log", "", "*.log"].map(ignoring);
  let at = 0;
  const gitIgnores = { look: () => Promise.resolve(looks[at++] ?? ignoring("")) };
  const deps = { ...world.deps, gitIgnores };
  const log = parseRelPath("b.log");
  expect((await loadScope(deps)).rules.ignores(log, "file")).toBe(true);
  const again = await loadScope(deps);
  expect(again.rules.ignores(log, "file")).toBe(true);
  expect(again.changed).toBe(false);
  expect(at).toBe(4);
  // Gone for good.
  const last = await loadScope(deps);
  expect(last).toMatchObject({ changed: true });
  expect(last.rules.ignores(log, "file")).toBe(false);
});

test("G50: a secret that comes after its rule while both sides are looked at does not go up", async () => {
  await using world = await World.synced("a: 1");
  let looks = 0;
  const look = (): Promise<GitIgnored> => {
    looks += 1;
    if (looks === 2) {
      // These rules have just been read, and the disk has not.
      world.local.write(".env", "secret");
      world.local.write("b", "2");
    }
    return Promise.resolve(ignoring(looks <= 2 ? "" : ".env"));
  };
  const report = await openEngine({ ...world.deps, gitIgnores: { look } }).sync();
  expect(report).toMatchObject({ exit: 0, counts: { uploaded: 1 } });
  expect(await world.remoteText()).toBe("a: 1\nb: 2");
});

test("G4, G50: what nobody can tell any more after both sides were looked at holds, too", async () => {
  await using world = await World.synced("a: 1");
  let looks = 0;
  const look = (): Promise<GitIgnored> => {
    looks += 1;
    if (looks === 2) world.local.write(".env", "secret");
    const why: GitIgnored["unclear"] = new Map(looks <= 2 ? [] : [[topPath, "is unclear"]]);
    return Promise.resolve({ ...ignoring(""), unclear: why });
  };
  const report = await openEngine({ ...world.deps, gitIgnores: { look } }).sync();
  expect(report).toMatchObject({ exit: 3, counts: { uploaded: 0 } });
});
