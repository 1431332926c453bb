import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { openStore } from "../../src/snapshot/store.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { openCloud } from "./cloud.ts";
import type { Scratch } from "./scratch.ts";

/** Path below the top → content hash. */
type Tree = ReadonlyMap<string, string>;

/**
 * Compare the three by content hash, each read by its own way: the disk by reading every byte, the cloud by the
 * server's listing, the snapshot by its manifest.
 *
 * @throws {Error} with the first differences when they are not equal.
 */
export async function proveEqual(scratch: Scratch, label: string): Promise<string> {
  const disk = diskTree(scratch.workspace);
  await using cloud = await openCloud(scratch.home);
  const remote: Tree = new Map((await cloud.files()).map((file) => [file.path, file.hash]));
  const snapshot = await snapshotTree(scratch.home, label);
  assertSame({ workspace: disk, snapshot });
  assertSame({ cloud: remote, snapshot });
  return `${disk.size} files in the workspace, ${remote.size} in the cloud, ${snapshot.size} in the snapshot: all equal`;
}

function diskTree(workspace: string): Tree {
  const entries = readdirSync(workspace, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => [path.relative(workspace, file), file] as const)
    .filter(([below]) => !below.startsWith(`.snap${path.sep}`));
  return new Map(files.map(([below, file]) => [below, contentHash(readFileSync(file))]));
}

/** Dropbox's content hash, written out here so that the proof does not lean on the code that it checks. */
function contentHash(bytes: Buffer): string {
  const whole = createHash("sha256");
  for (let offset = 0; offset < bytes.length; offset += 4 * 2 ** 20) {
    whole.update(
      createHash("sha256")
        .update(bytes.subarray(offset, offset + 4 * 2 ** 20))
        .digest(),
    );
  }
  return whole.digest("hex");
}

async function snapshotTree(home: string, label: string): Promise<Tree> {
  const store = await openStore({
    path: path.join(home, "store"),
    clock: systemClock,
    rng: systemRng,
    tool: "quickstart",
  });
  const root = await store.find(label);
  const tree = new Map<string, string>();
  for await (const entry of store.entries(root.id)) {
    if (entry.type === "file") tree.set(entry.path, entry.hash ?? "");
  }
  return tree;
}

/** @throws {Error} with the first paths at which the two trees differ. */
function assertSame(trees: Readonly<Record<string, Tree>>): void {
  const names = Object.keys(trees);
  const [left = new Map(), right = new Map()] = Object.values(trees);
  const paths = [...new Set<string>([...left.keys(), ...right.keys()])];
  const different = paths.filter((file) => left.get(file) !== right.get(file));
  if (different.length === 0) return;
  const shown = different
    .slice(0, 10)
    .map((file) => `  ${file}: ${left.get(file) ?? "missing"} ≠ ${right.get(file) ?? "missing"}`);
  throw new Error(
    `${names.join(" and ")} differ at ${different.length} paths:\n${shown.join("\n")}`,
  );
}
