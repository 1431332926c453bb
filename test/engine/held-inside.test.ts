/** A folder with a held repository in it stays where it is, whatever else would have its place (G1, G48). */
import { expect, test } from "vitest";
import { runCycles } from "../../src/engine/cycle.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const bare = {
  "c/b/HEAD": "ref: refs/heads/main\n",
  "c/b/objects/aa/1": "object",
  "c/b/refs/": "",
};

async function withRepository(workspace: LinkedWorkspace): Promise<void> {
  for (const [path, content] of Object.entries(bare)) await workspace.write(path, content);
}

test.each(["refuse", "exclude"] as const)(
  "G1, G48: under %s a new folder with a repository does not make way for a file of the server",
  async (repos) => {
    await using workspace = await LinkedWorkspace.open({ beside: "1" }, { repos });
    await workspace.write("c/file", "here");
    await withRepository(workspace);
    await workspace.upload("c", "a file");
    await workspace.write("sibling", "goes on");
    const { exit, left, conflicts } = await runCycles(workspace.deps, {});
    expect({ exit, conflicts }).toEqual({ exit: 3, conflicts: [] });
    expect(left).toMatchObject([
      { path: "c", kind: "hold", reason: expect.stringContaining('"c/b" in it is held') },
      { path: "c/b", kind: "hold" },
    ]);
    expect(await workspace.read("c/b/objects/aa/1")).toBe("object");
    expect(await workspace.other.get(at("sibling"))).toBeDefined();
    expect((await runCycles(workspace.deps, {})).counts).toMatchObject({ uploaded: 0 });
    await workspace.remove("c/b");
    expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, left: [] });
    expect(await workspace.read("c")).toBe("a file");
  },
);
