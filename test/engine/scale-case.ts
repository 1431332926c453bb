import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { pathComponents } from "../../src/core/path/rel-path.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { RemoteChange, RemoteItem, RemotePage } from "../../src/core/tree/remote-item.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { Plans, treesOfIndex } from "../../src/engine/make-plan.ts";
import { observeBoth } from "../../src/engine/observe.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { CountedTree } from "../support/counted-tree.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const filesInFolder = 500;
const changesInPage = 1_000;

/** What a workspace of so many files costs. */
export type ScaleFacts = {
  /** What the first sync did; everything should be adopted. */
  readonly adopted: number;
  readonly transferred: number;
  /** Rows written by a look at what did not change. */
  readonly rowsOfQuietLook: number;
  /** Of one edited file. */
  readonly ops: readonly string[];
  readonly rowReads: number;
  readonly planCpuMs: number;
};

/**
 * S5, S106 on a real disk and a real index: the first sync of a workspace with a server that holds the same, a look at
 * what did not change, and the plan for one edit.
 */
export async function scaleCase(files: number): Promise<ScaleFacts> {
  await using workspace = await LinkedWorkspace.open();
  makeFiles(workspace.top, files);
  const { remote } = workspace.deps;
  workspace.deps = { ...workspace.deps, remote: withPages(remote, (from) => pages(files, from)) };
  const { counts } = await openEngine(workspace.deps).sync();

  await observeBoth(workspace.deps, {});
  const rowsOfQuietLook = workspace.index.dirtyCount();

  await workspace.write("d0/f7", "edited");
  const edit = await planEdit(workspace);
  const transferred = counts.uploaded + counts.downloaded + counts.conflicts;
  return { adopted: counts.adopted, transferred, rowsOfQuietLook, ...edit };
}

async function planEdit({
  deps,
  index,
}: LinkedWorkspace): Promise<Pick<ScaleFacts, "ops" | "rowReads" | "planCpuMs">> {
  const observed = await observeBoth(deps, {});
  let rowReads = 0;
  const count = (rows: number): void => {
    rowReads += rows;
  };
  const { synced, local, remote } = treesOfIndex(index);
  const trees = {
    synced: new CountedTree(synced, count),
    local: new CountedTree(local, count),
    remote: new CountedTree(remote, count),
  };
  const before = process.cpuUsage();
  const planned = new Plans(deps, observed, { trees }).next();
  const { user, system } = process.cpuUsage(before);
  const ops = (planned?.ops ?? []).map(({ kind, path: place }) => `${kind} ${place}`);
  return { ops, rowReads, planCpuMs: (user + system) / 1e3 };
}

const folderOf = (file: number): string => `d${Math.floor(file / filesInFolder)}`;

function makeFiles(top: string, files: number): void {
  for (let file = 0; file < files; file += 1) {
    if (file % filesInFolder === 0) mkdirSync(path.join(top, folderOf(file)));
    writeFileSync(path.join(top, folderOf(file), `f${file}`), "");
  }
}

/** A side whose listing is another one. */
function withPages(remote: RemoteSide, list: RemoteSide["pages"]): RemoteSide {
  return new Proxy(remote, {
    get: (target, name): unknown => {
      if (name === "pages") return list;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** The listing of a server that holds the same files; nothing happens after it. */
async function* pages(files: number, cursor: string | undefined): AsyncGenerator<RemotePage> {
  const first = cursor === undefined ? 0 : Number(cursor);
  for (let file = first; file < files; file += changesInPage) {
    const next = Math.min(file + changesInPage, files);
    const changes = Array.from({ length: next - file }, (_, index) => changesOf(file + index));
    yield {
      changes: changes.flat(),
      cursor: `${next}`,
      complete: next === files,
      restart: file === 0,
    };
  }
  if (first >= files) yield { changes: [], cursor: `${files}`, complete: true, restart: false };
}

/** A file, and its folder before its first file. */
function changesOf(file: number): RemoteChange[] {
  const folder = folderOf(file);
  const one = itemOf(`${folder}/f${file}`, "file");
  const items = file % filesInFolder === 0 ? [itemOf(folder, "folder"), one] : [one];
  return items.map((item) => ({ change: "present", item }));
}

const emptyHash = contentHashOf(Buffer.alloc(0));

function itemOf(name: string, kind: "file" | "folder"): RemoteItem {
  const place = at(name);
  const parts = pathComponents(place);
  const isFile = kind === "file";
  return {
    kind,
    path: place,
    keys: parts.map((part) => pathKeyOf(part)),
    name: parts.at(-1) ?? "",
    remoteId: `id:${name}`,
    rev: isFile ? "1" : "",
    hash: isFile ? emptyHash : "",
    size: 0,
    modified: 0,
  };
}
