import { keysBelow, blocksOf, nameOf, nodeColumns, nodeOf, nodeTables } from "../tree/node.ts";
import type { FolderNode, Node } from "../tree/node.ts";
import { LiveNodes } from "../tree/live-nodes.ts";
import type { BlockList } from "../store/block-writer.ts";
import type { Services } from "../wire/call.ts";
import { EndpointFailure, tag } from "../wire/failure.ts";

/** One entry of a zip file: its name with the top folder's in front, and what is in it. */
export type ZipEntry =
  | { readonly kind: "folder"; readonly name: string }
  | {
      readonly kind: "file";
      readonly name: string;
      readonly content: BlockList;
      readonly modifiedSeconds: number;
    };

/** Bytes of one name in a zip file: the format has 16 bits for it. */
const zipNameBytesMax = 0xffff;

/**
 * The folder and everything in it as it is at this moment, parents first (V44).
 *
 * @throws {EndpointFailure} `too_many_files`, `too_large`, before anything was read.
 */
export function zipEntries(
  services: Services,
  account: number,
  folder: FolderNode,
): readonly ZipEntry[] {
  const { database, limits } = services;
  const live = new LiveNodes(database, account);
  if (1 + live.countBelow(folder, limits.zipEntriesMax) > limits.zipEntriesMax) {
    throw new EndpointFailure(tag("too_many_files"));
  }
  if (live.bytesBelow(folder) > limits.zipBytesMax) throw tooLarge();
  const { from, to } = keysBelow(folder.key);
  const rows = database.all(
    `SELECT ${nodeColumns}, r.blocks FROM ${nodeTables}
     WHERE n.account = ? AND n.key >= ? AND n.key < ? ORDER BY n.key`,
    account,
    from,
    to,
  );
  const nameIn = entryNamer(folder);
  return [
    { kind: "folder", name: nameIn(folder) },
    ...rows.map((row): ZipEntry => {
      const node = nodeOf(row);
      const name = nameIn(node);
      if (node.kind === "folder") return { kind: "folder", name };
      if (node.size > limits.zipFileBytesMax) throw tooLarge();
      const content = { size: node.size, blocks: blocksOf(row) };
      return { kind: "file", name, content, modifiedSeconds: node.clientModified };
    }),
  ];
}

/**
 * Names as stored, below the name of the top folder. Only one that looks like the letter of a drive loses its colon:
 * unpacked on Windows it would lead out of the folder.
 */
function entryNamer(folder: FolderNode): (node: Node) => string {
  const top = nameOf(folder.display).replace(/^([a-zA-Z]):/, "$1_");
  return ({ display }) => {
    const name = top + display.slice(folder.display.length);
    if (Buffer.byteLength(name) >= zipNameBytesMax) throw tooLarge();
    return name;
  };
}

function tooLarge(): EndpointFailure {
  return new EndpointFailure(tag("too_large"));
}
