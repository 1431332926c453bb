import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { rootNode, type LocalEntry, type NodeId } from "../../src/core/tree/node.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { Plans, treesOfIndex } from "../../src/engine/make-plan.ts";
import { observeBoth, type Observed } from "../../src/engine/observe.ts";
import type { IndexStore } from "../../src/ports.ts";
import { CountedTree } from "../../test/support/counted-tree.ts";
import { LinkedWorkspace } from "../../test/engine/linked-workspace.ts";
import { medianMs, printFigure, seconds, timeMs } from "./table.ts";

const filesInFolder = 500;
const rowsAtOnce = 10_000;
const syncedFiles = 1_000;

/**
 * S106: what one change costs among `tracked` files, and what a look at `onDisk` unchanged ones costs beside `find`.
 * The tracked files are rows of a real index; those on the disk are real.
 */
export async function benchSync(tracked: number, onDisk: number): Promise<void> {
  printFigure({ what: "what", aim: "aim", measured: "measured" });
  await benchOneEdit(tracked);
  await benchLook(onDisk);
  await benchWhole();
}

async function benchOneEdit(tracked: number): Promise<void> {
  await using workspace = await LinkedWorkspace.open();
  const observed = await observeBoth(workspace.deps, {});
  const rows = await timeMs(() => Promise.resolve(track(workspace.index, tracked)));
  const title = `of ${tracked.toLocaleString("en")} tracked files`;
  printFigure({ what: `${title}: writing the rows`, aim: "", measured: seconds(rows) });
  const edited = edit(workspace.index, Math.floor(tracked / 2));
  const milliseconds = await medianMs(5, () => {
    workspace.index.transaction(() => workspace.index.markDirty(edited));
    plan(workspace, observed);
    return Promise.resolve();
  });
  const what = `${title} one is edited: merge and plan`;
  printFigure({ what, aim: "50 ms", measured: `${milliseconds.toFixed(1)} ms` });
  printFigure({ what: "  row reads", aim: "500", measured: String(plan(workspace, observed)) });
  printFigure({ what: "  peak memory so far", aim: "512 MiB", measured: peakMemory() });
}

/** @returns how many rows were read. */
function plan({ deps, index }: LinkedWorkspace, observed: Observed): number {
  let reads = 0;
  const count = (rows: number): void => {
    reads += rows;
  };
  const { synced, local, remote } = treesOfIndex(index);
  const trees = {
    synced: new CountedTree(synced, count),
    local: new CountedTree(local, count),
    remote: new CountedTree(remote, count),
  };
  const planned = new Plans(deps, observed, { trees }).next();
  if (planned?.ops.length !== 1) throw new Error("One edit is not one op");
  return reads;
}

function track(index: IndexStore, files: number): void {
  for (let first = 0; first < files; first += rowsAtOnce) {
    index.transaction(() => {
      for (let file = first; file < Math.min(first + rowsAtOnce, files); file += 1) {
        trackFile(index, file);
      }
    });
  }
}

/** The folder of a file comes right before its first file. */
function trackFile(index: IndexStore, file: number): void {
  const folder = 1 + Math.floor(file / filesInFolder) * (filesInFolder + 1);
  const node = folder + 1 + (file % filesInFolder);
  if (node === folder + 1) trackEntry(index, { node: folder, parent: rootNode, hash: "" });
  trackEntry(index, { node, parent: folder, hash: contentHashOf(Buffer.from(`f${file}`)) });
}

type Tracked = { readonly node: NodeId; readonly parent: NodeId; readonly hash: string };

function trackEntry(index: IndexStore, { node, parent, hash }: Tracked): void {
  const name = `name ${node}`;
  const kind = hash === "" ? "folder" : "file";
  const entry = { node, parent, kind, name, key: pathKeyOf(name), hash, size: 5 } as const;
  const there = { ...entry, remoteId: `id:${node}`, rev: kind === "file" ? `r${node}` : "" };
  const here = { fileId: `${node} 1`, stamp: `5 ${node} ${node}`, trusted: true };
  index.local.put({ ...entry, ...here, absentAt: undefined });
  index.remote.put({ ...there, modified: 0, scope: "in" });
  index.synced.put({ ...there, localName: undefined, ...here });
  index.clearDirty(node);
}

function edit(index: IndexStore, near: NodeId): NodeId {
  const row = index.local.get(near) ?? index.local.get(near + 1);
  if (row?.kind !== "file") throw new Error("There is no file to edit");
  const edited: LocalEntry = { ...row, hash: contentHashOf(Buffer.from("edited")), stamp: "6 1 1" };
  index.transaction(() => index.local.put(edited));
  return row.node;
}

async function benchLook(files: number): Promise<void> {
  await using workspace = await LinkedWorkspace.open();
  for (let file = 0; file < files; file += 1) {
    const folder = path.join(workspace.top, `d${Math.floor(file / filesInFolder)}`);
    if (file % filesInFolder === 0) mkdirSync(folder);
    writeFileSync(path.join(folder, `f${file}`), `${file}`);
  }
  const look = (): Promise<unknown> => observeBoth(workspace.deps, {});
  const first = await timeMs(look);
  const what = `first look at ${files.toLocaleString("en")} small files on the disk`;
  printFigure({ what, aim: "", measured: seconds(first) });
  const again = await medianMs(3, async () => void (await look()));
  const found = await medianMs(3, () => {
    execFileSync("find", [workspace.top, "-printf", "%i %T@ %C@ %s\n"], { stdio: "ignore" });
    return Promise.resolve();
  });
  printFigure({ what: "  again, nothing changed", aim: "", measured: seconds(again) });
  const ratio = `${(again / found).toFixed(1)} ×`;
  printFigure({ what: "  beside find -printf", aim: "", measured: ratio, note: seconds(found) });
  printFigure({ what: "  peak memory so far", aim: "512 MiB", measured: peakMemory() });
}

async function benchWhole(): Promise<void> {
  await using workspace = await LinkedWorkspace.open();
  for (let file = 0; file < syncedFiles; file += 1) {
    writeFileSync(path.join(workspace.top, `f${file}`), `${file}`);
  }
  const engine = openEngine(workspace.deps);
  const sync = async (): Promise<void> => void (await engine.sync());
  const perFile = (await timeMs(sync)) / syncedFiles;
  const first = `${perFile.toFixed(1)} ms`;
  printFigure({
    what: "first sync to the server in this process, a file",
    aim: "",
    measured: first,
  });
  const quiet = await medianMs(5, sync);
  const what = `sync of ${syncedFiles.toLocaleString("en")} files, nothing changed`;
  printFigure({ what, aim: "", measured: `${quiet.toFixed(0)} ms` });
}

/** Of this process, since it began. */
function peakMemory(): string {
  return `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`;
}
