import { baseName, isInside, parseRelPath, type RelPath } from "../path/rel-path.ts";
import { topUnit, unitFolder, unitPlaceAt } from "../repo/unit.ts";
import { SnapError } from "../../std/error.ts";
import type { SnapshotEntry } from "./entry.ts";
import type { LeftAside } from "./root.ts";
import { isUnitTop, unitReasonsMax, unitsMax, type UnitFacts } from "./unit.ts";

/** What an archive says of its repositories, and what it is limited to. */
export type ArchivedUnitsOptions = {
  /** What the root in the archive tells; absent where it tells nothing of them. */
  readonly told: readonly UnitFacts[] | undefined;
  /** The paths that the archive was limited to; absent for everything. */
  readonly paths: readonly string[] | undefined;
  /** An archive with a manifest says itself what belongs to a unit; of any other the names tell. */
  readonly hasManifest: boolean;
};

/**
 * The repositories of an archive (N59). Entries pass in path order, then what was refused; what the archive tells must be what its
 * entries are (X12). A repository of which something was refused is torn, and nobody has checked one that the archive tells nothing of.
 */
export class ArchivedUnits {
  readonly #told: ReadonlyMap<string, UnitFacts>;
  readonly #isTold: boolean;
  readonly #tops: readonly RelPath[] | undefined;
  readonly #hasManifest: boolean;
  readonly #found = new Set<string>();
  readonly #troubles = new Map<string, string[]>();
  /** The unit that entries pass of. */
  #unit: string | undefined;

  /** @throws {SnapError} `damaged` where one repository is told twice */
  constructor({ told, paths, hasManifest }: ArchivedUnitsOptions) {
    this.#told = new Map((told ?? []).map((unit) => [unit.id, unit]));
    this.#isTold = told !== undefined;
    this.#tops = paths?.map(parseRelPath);
    this.#hasManifest = hasManifest;
    if (told !== undefined && this.#told.size < told.length)
      throw contradiction("", "it tells of one repository twice");
    // The top has no entry that it could begin with.
    if (hasManifest && this.#told.has(topUnit) && this.#isAskedFor(topUnit))
      this.#found.add(topUnit);
  }

  /** The entry with the unit that it belongs to. @throws {SnapError} `damaged` (X12), `too-large` (X13) */
  pass(entry: SnapshotEntry): SnapshotEntry {
    const { path } = entry;
    if (this.#found.has(topUnit)) return partOfTop(entry);
    if (this.#unit !== undefined && path.startsWith(`${this.#unit}/`)) {
      if (!this.#hasManifest) return { ...entry, unit: this.#unit };
      if (entry.unit === this.#unit) return entry;
      throw contradiction(path, `it lies in the repository "${this.#unit}" and is no part of it`);
    }
    this.#unit = undefined;
    const named = this.#hasManifest || !isUnitByName(entry) ? entry : { ...entry, unit: path };
    if (isUnitTop(named)) this.#begin(named);
    else if (named.unit !== undefined && this.#isAskedFor(named.unit))
      throw contradiction(path, `it is a part of the repository "${named.unit}", which is none`);
    return named;
  }

  /** What was refused is missing in the repository that it lies in. */
  leave({ path, reason }: LeftAside): void {
    const names = path.replace(/^(?:\.\/+)+/u, "").split("/");
    for (let depth = 0; depth <= names.length; depth += 1) {
      const id = depth === 0 ? topUnit : names.slice(0, depth).join("/");
      if (!this.#found.has(id) && !this.#told.has(id)) continue;
      const troubles = this.#troubles.get(id) ?? [];
      if (troubles.length < unitReasonsMax)
        troubles.push(`${names.slice(depth).join("/")}: ${reason}`);
      this.#troubles.set(id, troubles);
      return;
    }
  }

  /** In path order; undefined where nothing tells of any. @throws {SnapError} `damaged` for one that is not there (X12) */
  finish(): readonly UnitFacts[] | undefined {
    for (const id of this.#told.keys()) {
      const isExcused = this.#troubles.has(id) || !this.#isAskedFor(id);
      if (!this.#found.has(id) && !isExcused)
        throw contradiction(id, "it tells of a repository that is not in it");
    }
    if (!this.#isTold && this.#found.size === 0) return undefined;
    return [...this.#found].map((id) => this.#factsOf(id));
  }

  #begin({ path, type, flags }: SnapshotEntry): void {
    if (type !== "folder") return;
    this.#unit = path;
    if (flags.includes("unreadable") && !this.#told.has(path)) return;
    this.#found.add(path);
    if (this.#found.size > unitsMax) throw tooMany();
  }

  #factsOf(id: string): UnitFacts {
    const facts = this.#told.get(id) ?? untold(id);
    const troubles = this.#troubles.get(id);
    if (troubles === undefined) return facts;
    const reasons = [...troubles, ...facts.reasons].slice(0, unitReasonsMax);
    return { ...facts, consistency: "torn", reasons };
  }

  /** Whether the folder of a unit is among what the archive is limited to: of a part of one nothing is told. */
  #isAskedFor(id: string): boolean {
    return this.#tops?.some((top) => isInside(unitFolder(id), top)) ?? true;
  }
}

function partOfTop(entry: SnapshotEntry): SnapshotEntry {
  if (entry.unit === topUnit) return entry;
  throw contradiction(entry.path, "it lies in a repository and is no part of it");
}

/** As a capture knows them without looking inside (N43). */
function isUnitByName({ path, type }: SnapshotEntry): boolean {
  const name = baseName(parseRelPath(path));
  return (name === ".git" && type !== "symlink") || (name === ".hg" && type === "folder");
}

function untold(id: string): UnitFacts {
  return {
    id,
    vcs: unitPlaceAt(unitFolder(id)).vcs,
    consistency: "unverified",
    reasons: ["it comes from an archive that does not tell"],
    movedDuring: false,
  };
}

function contradiction(path: string, what: string): SnapError {
  const named = path === "" ? "" : ` at "${path}"`;
  return new SnapError("damaged", `The archive contradicts itself${named}: ${what}`, {
    path,
    hint: "Export the snapshot again; an archive of changes needs the snapshot that it was made from as --base.",
  });
}

function tooMany(): SnapError {
  return new SnapError("too-large", `The archive has more than ${unitsMax} repositories`, {
    hint: "Import it in parts.",
  });
}
