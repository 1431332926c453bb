import { isUtf8 } from "node:buffer";
import type { GuardFinding } from "../core/repo/finding.ts";
import type { EntryKind } from "../core/repo/marker.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { comparePaths, isRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { Kind } from "../core/tree/node.ts";
import { adviceFor } from "./advice.ts";
import type { Subject } from "./classify.ts";
import type { Sighting } from "./detect.ts";
import { repositoryIdentity } from "./identity.ts";
import { isOverridable, validOverride } from "./overrides.ts";
import type { Bytes } from "./read-only.ts";
import type { Surrounding } from "./surroundings.ts";

/** Whether the link's rules leave a path out (G9). */
export type Covers = (path: RelPath, kind: Kind) => boolean;

/** A finding that stands in no relation to the others yet. */
export type Draft = Omit<GuardFinding, "id" | "nestedIn" | "override" | "advice">;

/** A finding that is not described yet. */
export type Found = {
  readonly draft: Omit<Draft, "facts" | "atRisk" | "damage" | "integrity">;
  readonly subject: Subject | undefined;
};

/** What a look at a folder and around it saw. */
export type Sighted = {
  readonly top: string;
  readonly rules: Covers;
  readonly around: readonly Surrounding[];
  readonly sightings: readonly Sighting[];
};

/** Findings in order of path. */
export function foundIn({ top, rules, around, sightings }: Sighted): Found[] {
  return [
    ...around.map(fromSurrounding),
    ...withoutClaimed(sightings, rules).map((each) => fromSighting(each, { top, rules })),
  ].toSorted(byPlace);
}

function byPlace({ draft: a }: Found, { draft: b }: Found): number {
  return comparePaths(a.path, b.path) || comparePaths(a.marker, b.marker);
}

/** A gitdir that a `.git` file or link leads to is one finding with it (G11); not where a rule leaves out the file alone. */
function withoutClaimed(sightings: readonly Sighting[], rules: Covers): Sighting[] {
  const claimed = new Set(
    sightings
      .filter((sighting) => !isCovered(sighting, rules))
      .flatMap(({ discovery }) => (discovery.claims ? [keyOf(discovery.claims)] : [])),
  );
  return sightings.filter(
    ({ marker, absolutePath }) => marker !== "" || !claimed.has(keyOf(absolutePath)),
  );
}

function keyOf(path: Bytes): string {
  return path.toString("hex");
}

function fromSurrounding({ discovery, path, marker }: Surrounding): Found {
  const located = { path, absolutePath: path, pathBytes: undefined, marker, covered: false };
  return foundAs(discovery, located);
}

type Sweeping = Pick<Sighted, "rules" | "top">;

function fromSighting(sighting: Sighting, { top, rules }: Sweeping): Found {
  const { discovery, names, marker, absolutePath } = sighting;
  const covered = isCovered(sighting, rules);
  const path = names.length === 0 ? "." : names.join("/");
  const severity =
    covered && discovery.severity === "refuse" ? ("warn" as const) : discovery.severity;
  const pathBytes = oddPath(absolutePath, top);
  const located = { path, absolutePath: absolutePath.toString(), pathBytes, marker, covered };
  return foundAs({ ...discovery, severity }, located);
}

/** The path below the top in base64, where its bytes are no text (G39). */
function oddPath(absolutePath: Bytes, top: string): string | undefined {
  if (isUtf8(absolutePath)) return undefined;
  const length = Buffer.byteLength(top.endsWith("/") ? top : `${top}/`);
  return absolutePath.subarray(length).toString("base64");
}

type Located = Pick<Draft, "path" | "absolutePath" | "pathBytes" | "marker" | "covered">;

function foundAs(discovery: Sighting["discovery"], located: Located): Found {
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
    adjacent: discovery.adjacent ?? [],
  };
  return { draft, subject: discovery.subject };
}

/** Covered is a repository whose folder, or whose marker, the rules leave out. */
function isCovered({ names, marker, markerKind }: Sighting, rules: Covers): boolean {
  const folder = names.join("/");
  if (folder !== "" && ignores(rules, folder, "folder")) return true;
  return (
    marker !== "" && ignores(rules, folder === "" ? marker : `${folder}/${marker}`, markerKind)
  );
}

function ignores(rules: Covers, path: string, kind: EntryKind & Kind): boolean {
  return isRelPath(path) && rules(path, kind);
}

/** What a finding is put in relation to. */
export type Context = {
  readonly drafts: readonly Draft[];
  readonly overrides: readonly OverrideRecord[];
  readonly now: number;
  /** Somebody was asked for it: what is not known then, is not the same. */
  readonly isIdentityKnown: boolean;
};

/** A finding with its name, what it lies in, and the override that goes for it. */
export function complete(draft: Draft, index: number, context: Context): GuardFinding {
  const around = draft.form === "parent" ? undefined : nearestAround(draft, context.drafts);
  const nestedIn = around?.path;
  const advice = adviceFor(draft);
  const finding = { ...draft, id: `f${index + 1}`, nestedIn, override: undefined, advice };
  // A history inside another one goes with it.
  const isPart = around !== undefined && isPartOf(draft, around);
  const decided = isPart ? around : draft;
  if (!isOverridable(decided)) return finding;
  const { overrides, now, isIdentityKnown } = context;
  const is = { identity: repositoryIdentity(decided), now, isIdentityKnown };
  return { ...finding, override: validOverride(overrides, is) };
}

function isPartOf({ absolutePath, marker }: Draft, around: Draft): boolean {
  const gitdir =
    around.marker === "" ? around.absolutePath : `${around.absolutePath}/${around.marker}`;
  return marker === "" && absolutePath.startsWith(`${gitdir}/`);
}

/** The repository whose folder a finding lies in, the innermost one. */
function nearestAround(draft: Draft, drafts: readonly Draft[]): Draft | undefined {
  const inside = (outer: Draft): boolean =>
    outer.form !== "parent" &&
    outer.form !== "elsewhere" &&
    outer.path !== draft.path &&
    (outer.path === "." || draft.path.startsWith(`${outer.path}/`));
  return drafts.filter(inside).toSorted((a, b) => b.path.length - a.path.length)[0];
}
