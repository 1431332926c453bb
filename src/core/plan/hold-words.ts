import { parentPath, parseRelPath, pathComponents, topPath } from "../path/rel-path.ts";
import type { HeldItem, HoldRow } from "../tree/index-rows.ts";
import type { Guard } from "./suspects.ts";

/** The guard whose hold it is. */
export function guardOfHold({ kind, items }: Pick<HoldRow, "kind" | "items">): Guard {
  switch (kind) {
    case "mass-delete":
      return items[0]?.op.startsWith("L.") === true ? "local-delete" : "remote-delete";
    case "mass-rollback":
      return "rollback";
    case "mass-change":
      return "change";
    case "mass-conflict":
      return "conflict";
  }
}

/** What a held set would do, as the end of a sentence: `would delete 150 items in Dropbox`. */
export function holdWords(guard: Guard, count: number): string {
  const items = `${count} ${count === 1 ? "item" : "items"}`;
  const files = `${count} ${count === 1 ? "file" : "files"}`;
  switch (guard) {
    case "local-delete":
      return `would move ${items} to the trash here`;
    case "remote-delete":
      return `would delete ${items} in Dropbox`;
    case "rollback":
      return `would put ${files} in Dropbox back to an earlier state`;
    case "change":
      return `would replace ${files} in Dropbox`;
    case "conflict":
      return `would make ${count} conflicted ${count === 1 ? "copy" : "copies"}`;
  }
}

/**
 * The deepest folder that all items are in, or that is removed with all the others; "/" for the top. The items of one set have
 * the paths of one side.
 */
export function folderOfHeld(items: readonly HeldItem[]): string {
  let common: readonly string[] | undefined;
  for (const item of items) {
    const path = parseRelPath(item.path);
    const folder = pathComponents(isFolderRemoval(item) ? path : (parentPath(path) ?? topPath));
    common = common === undefined ? folder : sharedStart(common, folder);
  }
  return common === undefined || common.length === 0 ? "/" : common.join("/");
}

/** A removed file is named with its hash. */
function isFolderRemoval({ op, before }: HeldItem): boolean {
  return op === "R.deleteDir" || (op === "L.trash" && before === "");
}

function sharedStart(a: readonly string[], b: readonly string[]): readonly string[] {
  const end = a.findIndex((name, at) => name !== b[at]);
  return end < 0 ? a : a.slice(0, end);
}
