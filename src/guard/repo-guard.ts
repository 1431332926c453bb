/**
 * @module guard — repositories and a file sync are kept apart (G1).
 *
 * `openGuard` finds every repository in a folder by the names in it (`detect`, `classify`), says from plain text what
 * would be lost (`describe`), and leaves the decision to its caller. It only reads (G3): no process, no repository library,
 * no network, nothing of a repository is run (G5). What cannot be read is a finding, never "clean" (G4). It does not
 * read objects, so it knows that all is pushed or that it does not know, and it does not look for changed files.
 */
import type { GuardFinding, GuardReport } from "../core/repo/finding.ts";
import type { EntryKind } from "../core/repo/marker.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { comparePaths, isRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { Kind } from "../core/tree/node.ts";
import type { Clock } from "../std/time.ts";
import { adviceFor } from "./advice.ts";
import { sweepFolder, type Sighting } from "./detect.ts";
import { isOverridable, validOverride } from "./overrides.ts";
import type { Bytes } from "./read-only.ts";
import { isAtRisk } from "./risk.ts";
import { findSurroundings, type Surrounding } from "./surroundings.ts";

/** What a check goes by. */
export type GuardOptions = {
  /** Whether the link's rules leave a path out (G9). */
  readonly rules: (path: RelPath, kind: Kind) => boolean;
  readonly overrides: readonly OverrideRecord[];
};

/** Finds and describes repositories; decides nothing. */
export interface RepoGuard {
  /**
   * Look into a folder, everything below it, and around it. Changes nothing; trouble with a part of it is in the report.
   *
   * @param top absolute and resolved
   */
  check(top: string, options: GuardOptions): Promise<GuardReport>;
}

/** The guard. The clock tells which overrides have ended. */
export function openGuard({ clock }: { readonly clock: Clock }): RepoGuard {
  return {
    check: async (top, options) => {
      const sweep = await sweepFolder(top);
      const drafts = [
        ...findSurroundings(top).map(fromSurrounding),
        ...withoutClaimed(sweep.sightings).map((sighting) => fromSighting(sighting, options)),
      ].sort((a, b) => comparePaths(a.path, b.path) || comparePaths(a.marker, b.marker));
      const context = { drafts, overrides: options.overrides, now: clock.now() };
      return {
        top,
        findings: drafts.map((draft, index) => complete(draft, index, context)),
        complete: drafts.every((draft) => draft.state !== "indeterminate"),
        scanned: { folders: sweep.folders, files: sweep.files },
      };
    },
  };
}

type Draft = Omit<GuardFinding, "id" | "nestedIn" | "override" | "advice">;

/** A gitdir that a `.git` file or link leads to is one finding with it (G11). */
function withoutClaimed(sightings: readonly Sighting[]): Sighting[] {
  const claimed = new Set(
    sightings.flatMap(({ discovery }) => (discovery.claims ? [keyOf(discovery.claims)] : [])),
  );
  return sightings.filter(
    ({ marker, absolutePath }) => marker !== "" || !claimed.has(keyOf(absolutePath)),
  );
}

function keyOf(path: Bytes): string {
  return path.toString("hex");
}

function fromSurrounding({ discovery, path, marker }: Surrounding): Draft {
  return draftOf(discovery, { path, absolutePath: path, marker, covered: false });
}

function fromSighting(sighting: Sighting, options: GuardOptions): Draft {
  const { discovery, names, marker, absolutePath } = sighting;
  const covered = isCovered(sighting, options.rules);
  const path = names.length === 0 ? "." : names.join("/");
  const draft = draftOf(discovery, {
    path,
    absolutePath: absolutePath.toString(),
    marker,
    covered,
  });
  return covered && draft.severity === "refuse" ? { ...draft, severity: "warn" } : draft;
}

type Located = Pick<Draft, "path" | "absolutePath" | "marker" | "covered">;

function draftOf(discovery: Sighting["discovery"], located: Located): Draft {
  const draft = {
    ...located,
    vcs: discovery.vcs,
    form: discovery.form,
    state: discovery.state,
    severity: discovery.severity,
    gitdir: discovery.gitdir,
    commonDir: discovery.commonDir,
    pathAbsolute: discovery.pathAbsolute,
    detail: discovery.detail,
    facts: discovery.facts,
    damage: discovery.damage ?? [],
  };
  return { ...draft, atRisk: isAtRisk(draft) };
}

/** Covered is a repository whose folder, or whose marker, the rules leave out. */
function isCovered({ names, marker, markerKind }: Sighting, rules: GuardOptions["rules"]): boolean {
  const folder = names.join("/");
  if (folder !== "" && ignores(rules, folder, "folder")) return true;
  return (
    marker !== "" && ignores(rules, folder === "" ? marker : `${folder}/${marker}`, markerKind)
  );
}

function ignores(rules: GuardOptions["rules"], path: string, kind: EntryKind & Kind): boolean {
  return isRelPath(path) && rules(path, kind);
}

type Context = {
  readonly drafts: readonly Draft[];
  readonly overrides: readonly OverrideRecord[];
  readonly now: number;
};

function complete(draft: Draft, index: number, context: Context): GuardFinding {
  const nestedIn = nearestAround(draft, context.drafts);
  const advice = adviceFor(draft);
  const finding = { ...draft, id: `f${index + 1}`, nestedIn, override: undefined, advice };
  if (!isOverridable(finding)) return finding;
  return { ...finding, override: validOverride(finding, context.overrides, context.now) };
}

function nearestAround(draft: Draft, drafts: readonly Draft[]): string | undefined {
  const inside = (outer: Draft): boolean =>
    outer.form !== "parent" &&
    outer.path !== draft.path &&
    (outer.path === "." || draft.path.startsWith(`${outer.path}/`));
  if (draft.form === "parent") return undefined;
  return drafts.filter(inside).toSorted((a, b) => b.path.length - a.path.length)[0]?.path;
}
