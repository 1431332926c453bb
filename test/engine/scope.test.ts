import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { arrivingRules, loadScope } from "../../src/engine/scope/scope.ts";
import { SnapError } from "../../src/std/error.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

test("S90: the rules of .mignore hold on both sides, and the file itself is synced", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "*.log\n.mignore\n" });
  await workspace.write("a.log", "1");
  await workspace.write("d/b.log", "1");
  await workspace.write("d/c", "1");
  await workspace.upload("r.log", "1");
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe(".mignore, d/, d/c");
  const scopes = workspace.scopes();
  expect(scopes).toBe(".mignore in, r.log ignored");
});

test("S91, D7: tracked, then ignored: the rows are forgotten, both copies stay", async () => {
  await using workspace = await LinkedWorkspace.open({ "logs/1": "1", "logs/2": "2", f: "3" });
  await workspace.write(".mignore", "logs/\n");
  const { local, remote } = await workspace.look();
  expect(workspace.paths(workspace.index.synced)).toBe("f");
  expect(workspace.paths(workspace.index.local)).toBe(".mignore, f");
  const scopes = workspace.scopes();
  expect(scopes).toBe("f in, logs/ ignored, logs/1 ignored, logs/2 ignored");
  expect([local.left, remote.left]).toEqual([[], []]);
  expect(await workspace.read("logs/1")).toBe("1");
});

test("S91, D7: ignored, then tracked: new on both sides, without a listing", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "logs/\n" });
  await workspace.write("logs/1", "1");
  await workspace.upload("logs/2", "2");
  await workspace.look();
  await workspace.write(".mignore", "\n");
  workspace.deps.remote.pages = async function* () {
    // Nothing changed on the server since.
  };
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe(".mignore, logs/, logs/1");
  expect(workspace.scopes()).toBe(".mignore in, logs/ in, logs/2 in");
});

test("S79: a change of the rules is known for one cycle", async () => {
  await using workspace = await LinkedWorkspace.open();
  expect((await loadScope(workspace.deps)).changed).toBe(false);
  await workspace.write(".mignore", "x\n");
  expect((await loadScope(workspace.deps)).changed).toBe(true);
  expect((await loadScope(workspace.deps)).changed).toBe(false);
});

test("S90: rules that vanished are looked for twice before they are gone", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "secret\n" });
  await workspace.write("secret", "1");
  await workspace.remove(".mignore");
  workspace.clock.sleep = async () => {
    await workspace.write(".mignore", "secret\n# saved\n");
  };
  const scope = await loadScope(workspace.deps);
  expect(scope.rules.ignores("secret" as never, "file")).toBe(true);
});

test("X24: without readable rules nothing is looked at", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await symlink("a", join(workspace.top, ".mignore"));
  await expect(workspace.look()).rejects.toMatchObject({ code: "settings-invalid", exit: 2 });
  await workspace.remove(".mignore");
  await workspace.write(".mignore", "x\n".repeat(6_000));
  await expect(workspace.look()).rejects.toMatchObject({ code: "settings-invalid" });
  expect(workspace.index.meta("rules_digest")).toBeDefined();
});

test.each([
  ["disk-error", "disk-error", 7],
  ["permission-denied", "disk-error", 7],
  ["volatile", "volatile", 4],
] as const)(
  "S83, S90: rules that cannot be read for %s end the sync as %s, and nothing is planned",
  async (code, ended, exit) => {
    await using workspace = await LinkedWorkspace.open({ ".mignore": "x\n", a: "1" });
    await workspace.write("x", "private");
    await workspace.write("a", "2");
    const { local } = workspace.deps;
    const open = local.open.bind(local);
    let isBroken = true;
    local.open = async (path) => {
      if (isBroken && path === ".mignore") throw new SnapError(code, '".mignore" is in trouble');
      return await open(path);
    };
    const engine = openEngine(workspace.deps);
    const failing = { code: ended, exit, path: ".mignore" };
    await expect(engine.sync()).rejects.toMatchObject(failing);
    await expect(engine.dryRun()).rejects.toMatchObject(failing);
    expect(workspace.index.meta("last_synced_at")).toBeUndefined();
    expect(await workspace.other.get(at("x"))).toBeUndefined();
    isBroken = false;
    await engine.sync();
    expect(await workspace.other.get(at("x"))).toBeUndefined();
    expect(await workspace.other.get(at("a"))).toMatchObject({ size: 1 });
  },
);

test("S90: rules that come from the server are named until they are here", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "a\n" });
  expect(arrivingRules(workspace.index)).toBeUndefined();
  await workspace.upload(".mignore", "b\n");
  await workspace.look();
  const node = workspace.nodeAt(workspace.index.remote, ".mignore");
  expect(arrivingRules(workspace.index)).toBe(node);
  await workspace.write(".mignore", "b\n");
  await workspace.look();
  expect(arrivingRules(workspace.index)).toBeUndefined();
});

test("S92: names that are always outside are in no tree, on either side", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.write(".DS_Store", "1");
  await workspace.write("d/~$x.doc", "1");
  await workspace.write("d/y", "1");
  await workspace.upload(".snap-tmp-1", "1");
  await workspace.look();
  expect(workspace.paths(workspace.index.local)).toBe("d/, d/y");
  expect(workspace.scopes()).toBe(".snap-tmp-1 ignored");
});

test("G1, S91: an override that was taken back forgets the repository's files and removes none", async () => {
  await using workspace = await LinkedWorkspace.open(
    { "p/.git/HEAD": "ref: refs/heads/main", "p/a": "1" },
    { overridden: () => true, overrides: "p" },
  );
  expect(workspace.paths(workspace.index.synced)).toBe("p/, p/.git/, p/.git/HEAD, p/a");
  const config = { ...workspace.deps.config, overridden: () => false, overrides: "" };
  workspace.deps = { ...workspace.deps, config };
  const { frozen } = await workspace.look();
  expect(workspace.paths(workspace.index.synced)).toBe("p/, p/a");
  expect(frozen.left).toMatchObject([{ path: "p", kind: "hold" }]);
  expect([...frozen.nodes]).toEqual([workspace.nodeAt(workspace.index.synced, "p")]);
});
