import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTree } from "../../src/guard/remove-tree.ts";
import { Scratch } from "./repositories.ts";

test("N6: a folder is removed with all in it, and what its links lead to stays", async () => {
  using scratch = new Scratch();
  const kept = join(scratch.root, "kept");
  mkdirSync(kept);
  writeFileSync(join(kept, "a"), "a");
  const folder = join(scratch.root, "ours");
  mkdirSync(join(folder, "deep/er"), { recursive: true });
  for (let at = 0; at < 200; at += 1) writeFileSync(join(folder, "deep", `${at}`), "");
  symlinkSync(kept, join(folder, "deep/er/link"));
  await removeTree(folder);
  expect(existsSync(folder)).toBe(false);
  expect(readFileSync(join(kept, "a"), "utf8")).toBe("a");
  await removeTree(folder);
});
