import type { EntryKind, Vcs } from "./marker.ts";

/**
 * A sign of a system that keeps its history elsewhere, or in files that stand for themselves (G11): told, and no reason to
 * refuse. The planner does not ask for it.
 */
export type Trace = {
  readonly vcs: Vcs;
  /** Names that must stand in the folder of this name; none where the name alone is the sign. */
  readonly needs: readonly string[];
};

const cvsParts = ["Entries", "Root", "Repository"] as const;

/** What the name of an entry hints at. A folder `CVS` counts only with the three files that CVS keeps in it. */
export function repositoryTrace(name: string, kind: EntryKind): Trace | undefined {
  if (kind === "folder") {
    if (name === "CVS") return { vcs: "cvs", needs: cvsParts };
    if (name === "RCS") return { vcs: "rcs", needs: [] };
    return name === "SCCS" ? { vcs: "sccs", needs: [] } : undefined;
  }
  if (kind !== "file") return undefined;
  if (name === ".p4config") return { vcs: "perforce", needs: [] };
  return name.length > rcsEnd.length && name.endsWith(rcsEnd)
    ? { vcs: "rcs", needs: [] }
    : undefined;
}

/** A history of RCS stands beside its file, or in a folder `RCS`. */
const rcsEnd = ",v";

/** Whether a file may be a repository of Fossil; only its first bytes can tell. */
export function isFossilName(name: string): boolean {
  return name.toLowerCase().endsWith(".fossil");
}
