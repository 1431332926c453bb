import type { RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";

/** The report of a repository that appeared after linking (G20). */
export function heldRepository(path: RelPath, sign: string): LeftPath {
  return {
    path,
    kind: "hold",
    reason: withSubject(path, sign),
    hint: "See `snap guard explain`: leave it out with a line in .mignore, or record an override.",
  };
}

/** A whole sentence about a folder that is held, without its full stop. */
export function withSubject(path: RelPath, predicate: string): string {
  return `${path === "" ? "the workspace itself" : "this folder"} ${predicate}`;
}
