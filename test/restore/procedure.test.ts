import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { planRestoreOf, restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { RestoreWorld } from "./restore-world.ts";

const snapshot = "a: 1\nd/b: 2";

describe("before anything changes", () => {
  test("§14, 9: a damaged block stops the restore, with block, pack and path named (X27)", async () => {
    await using world = await RestoreWorld.afterSnapshot("a: 9\nnew: 5");
    damagePacks(world.storePath);
    await expect(world.restore()).rejects.toMatchObject({
      code: "damaged",
      exit: 5,
      path: "a",
      message: expect.stringMatching(/"a".*[0-9a-f]{64}.*[0-9a-f]{64}/s),
    });
    expect(await world.world.both()).toBe("a: 9\nd/b: 2\nnew: 5");
    await world.assertQuiet();
  });

  test("T13: what is ignored is untouched on both sides", async () => {
    await using world = await RestoreWorld.synced("a: 1\n.mignore: *.log");
    await world.capture("S");
    world.write("a: 9\nx.log: 3\nlogs/y.log: 4");
    await world.world.sync();
    const report = await world.restore();
    expect(report.exit).toBe(0);
    expect(report.ignored).toBe(2);
    expect(world.world.localText()).toContain("logs/y.log: 4\nx.log: 3");
    await world.assertQuiet();
  });

  test("T13: nor what the rules in the snapshot ignore", async () => {
    await using world = await RestoreWorld.synced("a: 1\n.mignore: *.log");
    await world.capture("S");
    world.write("a: 9\n.mignore: nothing\nx.log: 3");
    await world.world.sync();
    expect(await world.world.remoteText()).toContain("x.log: 3");
    const report = await world.restore();
    expect(report.exit).toBe(0);
    expect(world.world.localText()).toBe(".mignore: *.log\na: 1\nx.log: 3");
    expect(await world.world.remoteText()).toBe(".mignore: *.log\na: 1\nx.log: 3");
    await world.assertQuiet();
  });

  test("T12: with `refuse`, work that exists nowhere else stops the restore", async () => {
    await using world = await RestoreWorld.synced(snapshot);
    await world.capture("S");
    world.write("mine: 7");
    await expect(world.restore({ onUnsaved: "refuse" })).rejects.toMatchObject({ exit: 3 });
    const report = await world.restore({ onUnsaved: "keep" });
    expect(report).toMatchObject({ exit: 4, left: [{ path: "mine" }] });
    expect(await world.world.both()).toBe(`${snapshot}\nmine: 7`);
  });

  test("T14: a path that the snapshot does not hold is an error of usage", async () => {
    await using world = await RestoreWorld.afterSnapshot("a: 9");
    await expect(world.restore({ paths: ["nowhere"] })).rejects.toMatchObject({
      code: "path-missing",
      exit: 2,
    });
  });

  test("T33: a write-protected folder stops the restore", async () => {
    await using world = await RestoreWorld.afterSnapshot("d/b: 3");
    fs.chmodSync(world.world.local.at("d"), 0o555);
    await expect(world.restore()).rejects.toMatchObject({ code: "refused", path: "d" });
    fs.chmodSync(world.world.local.at("d"), 0o755);
  });
});

describe("consent (T9, T18, T19)", () => {
  const agree = async (world: RestoreWorld): Promise<string> =>
    (await planRestoreOf(await world.deps(), { snapshot: "S", paths: [] })).digest;

  test("twelve digits of the plan are enough, eleven are not", async () => {
    await using world = await RestoreWorld.afterSnapshot("a: 9");
    const digest = await agree(world);
    const short = { by: "plan", digest: digest.slice(0, 11) } as const;
    await expect(world.restore({ consent: short })).rejects.toMatchObject({ code: "plan-drifted" });
    const report = await world.restore({ consent: { by: "plan", digest: digest.slice(0, 12) } });
    expect(report).toMatchObject({ exit: 0, digest });
  });

  test("a plan that is no longer the same is refused with the new digest", async () => {
    await using world = await RestoreWorld.afterSnapshot("a: 9");
    const digest = await agree(world);
    world.write("b: 1");
    await world.world.sync();
    await expect(world.restore({ consent: { by: "plan", digest } })).rejects.toMatchObject({
      code: "plan-drifted",
      exit: 3,
    });
    expect(await world.world.both()).toBe("a: 9\nb: 1\nd/b: 2");
  });

  test.each([
    { name: "more", edit: "b: 1", end: "a: 9\nb: 1\nd/b: 2", code: "plan-drifted" },
    { name: "less", edit: "a: 1", end: snapshot, code: undefined },
  ])("--yes, and an edit after which $name is lost", async ({ edit, end, code }) => {
    await using world = await RestoreWorld.afterSnapshot("a: 9");
    const deps = await world.deps();
    const capture: typeof deps.capture = async (request, work) => {
      const result = await deps.capture(request, work);
      world.write(edit);
      return result;
    };
    const request = { snapshot: "S", paths: [], consent: { by: "yes" } as const };
    const run = restoreSnapshot({ ...deps, capture }, request);
    if (code === undefined) expect((await run).exit).toBe(0);
    else await expect(run).rejects.toMatchObject({ code });
    await world.world.sync();
    expect(await world.world.both()).toBe(end);
    await world.assertQuiet();
  });

  test("a person is shown the drifted plan and may decline", async () => {
    await using world = await RestoreWorld.afterSnapshot("a: 9");
    const deps = await world.deps();
    const asked: boolean[] = [];
    const ask = async (_plan: unknown, drifted: unknown): Promise<boolean> => {
      asked.push(drifted !== undefined);
      if (drifted === undefined) world.write("b: 1");
      return drifted === undefined;
    };
    const request = { snapshot: "S", paths: [], consent: { by: "ask", ask } as const };
    await expect(restoreSnapshot(deps, request)).rejects.toMatchObject({ code: "refused" });
    expect(asked).toEqual([false, true]);
    await world.world.sync();
    expect(await world.world.both()).toBe("a: 9\nb: 1\nd/b: 2");
  });
});

describe("what comes back (T21, T22)", () => {
  test("X9: modes, times and links; special bits stay away", async () => {
    await using world = await RestoreWorld.synced("a: 1\nd/b: 2");
    const at = (name: string): string => world.world.local.at(name);
    fs.symlinkSync("/etc/hostname", at("out"));
    world.world.local.write("empty", "");
    fs.chmodSync(at("a"), 0o4751);
    fs.utimesSync(at("a"), 1000, 1000);
    fs.utimesSync(at("d"), 2000, 2000);
    await world.capture("S");
    fs.rmSync(at("out"));
    fs.writeFileSync(at("out"), "now a file");
    world.write("a: 9\nd/b: 3\nd/c: 4");
    await world.world.sync();
    fs.writeFileSync(at("empty"), "not any more");
    const report = await world.restore();
    expect(fs.readFileSync(at("empty"), "utf8")).toBe("");
    expect(report.left).toEqual([
      { path: "out", side: "remote", reason: "Dropbox keeps what has the name of this link" },
    ]);
    expect(fs.readlinkSync(at("out"))).toBe("/etc/hostname");
    expect(fs.statSync(at("a")).mode & 0o7777).toBe(0o751);
    expect(fs.statSync(at("a")).mtimeMs).toBe(1_000_000);
    expect(fs.statSync(at("d")).mtimeMs).toBe(2_000_000);
    await world.assertQuiet();
    expect((await world.undo()).exit).toBe(0);
    expect(fs.readFileSync(at("out"), "utf8")).toBe("now a file");
    expect(world.world.localText()).toBe(await world.world.remoteText());
    await world.assertQuiet();
  });

  test("T14: files become folders and folders files, and back", async () => {
    await using world = await RestoreWorld.afterSnapshot("-a\na/x: 3\n-d\nd: 4");
    expect((await world.restore()).exit).toBe(0);
    expect(await world.world.both()).toBe(snapshot);
    await world.assertQuiet();
    expect((await world.undo()).exit).toBe(0);
    expect(await world.world.both()).toBe("a/x: 3\nd: 4");
    await world.assertQuiet();
  });

  test("a plan with nothing in it needs no consent and ends well", async () => {
    await using world = await RestoreWorld.synced(snapshot);
    await world.capture("S");
    const report = await world.restore({ consent: { by: "none" } });
    expect(report).toMatchObject({ exit: 0, counts: { local: { keep: 3 } } });
    await expect(world.undo()).rejects.toMatchObject({ message: "There is nothing to take back" });
  });
});

function damagePacks(store: string): void {
  const names = fs.readdirSync(path.join(store, "data"), { recursive: true, encoding: "utf8" });
  for (const name of names.filter((file) => file.endsWith(".tar.zst"))) {
    const file = path.join(store, "data", name);
    const bytes = fs.readFileSync(file);
    bytes.fill(0, 16, 64);
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, bytes);
  }
}
