import { parentPath, parseRelPath, pathComponents } from "../path/rel-path.ts";
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

/** The deepest folder that all items are in; "/" for the top. */
export function folderOfHeld(items: readonly HeldItem[]): string {
  let common: readonly string[] | undefined;
  for (const { path } of items) {
    const folder = pathComponents(parentPath(parseRelPath(path)) ?? parseRelPath(""));
    common = common === undefined ? folder : sharedStart(common, folder);
  }
  return common === undefined || common.length === 0 ? "/" : common.join("/");
}

function sharedStart(a: readonly string[], b: readonly string[]): readonly string[] {
  const end = a.findIndex((name, at) => name !== b[at]);
  return end < 0 ? a : a.slice(0, end);
}
