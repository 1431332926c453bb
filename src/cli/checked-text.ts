import type { CheckedPath } from "../app/ignore.ts";
import { displayName } from "../core/path/names.ts";

/** Why a path is synced or not, as the end of a sentence. */
export function checkedText({ state, rule, byGit, why = "" }: CheckedPath): string {
  switch (state) {
    case "synced":
      return "is synced";
    case "ignored":
      if (byGit === true) return "is ignored by Git, and what Git ignores is left out here";
      return `is ignored by line ${rule?.line ?? 0} of .mignore: ${displayName(rule?.pattern ?? "")}`;
    case "excluded":
      return `stays in Dropbox: "${displayName(why)}" is excluded`;
    case "never":
      return `is never synced: "${displayName(why)}" is one of the names that never are`;
    case "refused":
      return `cannot be synced: its name ${displayName(why)}`;
  }
}
