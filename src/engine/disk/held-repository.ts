import type { RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";

/** The report of a repository that appeared after linking (G20). */
export function heldRepository(path: RelPath, sign: string): LeftPath {
  const name = path === "" ? "the workspace itself" : "this folder";
  return {
    path,
    kind: "hold",
    reason: `${name} ${sign}`,
    hint: "See snap guard: leave it out with a line in .mignore, or record an override.",
  };
}
