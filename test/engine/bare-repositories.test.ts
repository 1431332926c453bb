/** Repositories without a work tree, on the disk and on the server (G11, G13, G20, G46). */
import { describe, expect, test } from "vitest";
import { runCycles } from "../../src/engine/cycle.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const bare = {
  "x/HEAD": "ref: refs/heads/main\n",
  "x/objects/aa/1": "object",
  "x/refs/": "",
} as const;

const held = { exit: 3, left: [{ path: "x", kind: "hold" }] };

describe.each(["refuse", "exclude"] as const)("under %s", (repos) => {
  test("G46: a bare repository that is made here is held, not passed over in silence", async () => {
    await using workspace = await LinkedWorkspace.open({ beside: "1" }, { repos });
    for (const [path, content] of Object.entries(bare)) await workspace.write(path, content);
    expect(await runCycles(workspace.deps, {})).toMatchObject(held);
    expect(await workspace.other.get(at("x"))).toBeUndefined();
    await workspace.remove("x");
    expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, left: [] });
  });

  test("G46, G47: a folder in which one is made here stays what it was on the server", async () => {
    await using workspace = await LinkedWorkspace.open({ "x/a": "1", "x/d/b": "2" }, { repos });
    for (const [path, content] of Object.entries(bare)) await workspace.write(path, content);
    expect(await runCycles(workspace.deps, {})).toMatchObject(held);
    expect(await workspace.other.get(at("x/d/b"))).toBeDefined();
    expect(await workspace.other.get(at("x/objects"))).toBeUndefined();
  });

  test("G46, G47: a folder in which one is made there stays what it was here", async () => {
    await using workspace = await LinkedWorkspace.open({ "x/a": "1", "x/d/b": "2" }, { repos });
    for (const [path, content] of Object.entries(bare)) await workspace.upload(path, content);
    expect(await runCycles(workspace.deps, {})).toMatchObject(held);
    expect(await workspace.read("x/d/b")).toBe("2");
    await expect(workspace.read("x/HEAD")).rejects.toThrow(/ENOENT/u);
    await workspace.removeRemote("x/refs");
    await workspace.removeRemote("x/objects");
    expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, left: [] });
  });

  test.each([
    ["HEAD and objects beside a config", ["HEAD", "objects/aa/1", "config"]],
    ["HEAD and refs beside a config", ["HEAD", "refs/heads/main", "config"]],
    ["objects and refs with packs", ["objects/pack/pack-1.pack", "refs/heads/main"]],
  ])("G13: %s on the server may be a repository, and do not come down", async (_, files) => {
    await using workspace = await LinkedWorkspace.open({ beside: "1" }, { repos });
    for (const file of [...files, "hooks/post-checkout"]) {
      await workspace.upload(`x/${file}`, "ref: refs/heads/main\n");
    }
    expect(await runCycles(workspace.deps, {})).toMatchObject(held);
    await expect(workspace.read("x/hooks/post-checkout")).rejects.toThrow(/ENOENT/u);
    for (const file of files.slice(0, 2))
      await workspace.removeRemote(`x/${file.split("/", 1)[0]}`);
    expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, left: [] });
  });

  test("G13: what the look at this disk found to be no repository goes on, on both sides", async () => {
    await using workspace = await LinkedWorkspace.open({ beside: "1" }, { repos });
    await workspace.write("x/HEAD", "a book list");
    await workspace.write("x/objects/chair", "1");
    await workspace.write("x/config", "colour = red");
    expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, left: [] });
    await workspace.upload("x/objects/table", "2");
    await workspace.upload("x/HEAD", "another list");
    expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, left: [] });
    expect(await workspace.read("x/objects/table")).toBe("2");
  });

  test("G13: two names of a repository alone are ordinary ones", async () => {
    await using workspace = await LinkedWorkspace.open({ beside: "1" }, { repos });
    await workspace.upload("x/objects/chair", "1");
    await workspace.upload("x/refs/book", "2");
    expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, left: [] });
    expect(await workspace.read("x/refs/book")).toBe("2");
  });
});
