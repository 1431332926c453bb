import { expect, test } from "vitest";
import type { PutOp } from "../../src/core/plan/op.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../src/core/tree/node.ts";
import { MemoryTree } from "../../src/core/tree/tree-view.ts";
import { folderDownloads } from "../../src/engine/execute/folder-downloads.ts";

function entry(node: NodeId, parent: NodeId, kind: "file" | "folder"): RemoteEntry {
  const name = String(node);
  const facts = { remoteId: `id:${name}`, rev: "", modified: 0, scope: "in" } as const;
  return { node, parent, name, key: pathKeyOf(name), kind, hash: undefined, size: 0, ...facts };
}

test("files in any number of folders are counted", () => {
  const folders = 300_000;
  const tree = new MemoryTree<RemoteEntry>();
  const ops: PutOp[] = [];
  for (let folder = 1; folder <= folders; folder += 1) {
    const file = entry(folders + folder, folder, "file");
    tree.put(entry(folder, rootNode, "folder"));
    tree.put(file);
    const place = { node: file.node, path: parseRelPath(`${folder}/${file.name}`) };
    const { name, parent } = file;
    ops.push({
      kind: "L.put",
      ...place,
      name,
      parent,
      before: undefined,
      after: { ...file, hash: "h", localName: undefined },
    });
  }
  expect(folderDownloads(tree, ops, true)).toEqual([]);
});
