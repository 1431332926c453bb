import type {
  Damage,
  RepositoryFacts,
  RepositoryForm,
  RepositoryState,
  Severity,
} from "../core/repo/finding.ts";
import type { EntryKind, Marker, Vcs } from "../core/repo/marker.ts";
import { resolve } from "node:path";
import { describeGit } from "./describe.ts";
import { describeHg } from "./describe-hg.ts";
import { candidateBytesMax, inspectGitdir, readGitFile } from "./gitdir.ts";
import {
  inside,
  isOutOfReach,
  isSameEntry,
  kindAt,
  readLink,
  readStart,
  type Bytes,
} from "./read-only.ts";

/** A repository as it was found at one place, before it is put in relation to the others. */
export type Discovery = {
  readonly vcs: Vcs | undefined;
  readonly form: RepositoryForm;
  readonly state: RepositoryState;
  readonly severity: Severity;
  readonly gitdir?: string | undefined;
  readonly commonDir?: string | undefined;
  readonly pathAbsolute?: boolean | undefined;
  readonly detail?: string | undefined;
  readonly facts?: RepositoryFacts | undefined;
  readonly damage?: readonly Damage[];
  /** A gitdir elsewhere that belongs to this finding, absolute. */
  readonly claims?: Bytes | undefined;
};

/** Where a marker stands. */
export type MarkerPlace = {
  /** Absolute. */
  readonly folder: Bytes;
  readonly name: Bytes;
  readonly kind: EntryKind;
  readonly marker: Marker;
  /** Whether a path is inside the workspace. */
  readonly contains: (path: Bytes) => boolean;
};

/** What a marker stands for (G11). */
export function classifyMarker(place: MarkerPlace): Discovery {
  const discovery = classifySpelled(place);
  if (!place.marker.variant || discovery.form === "unreadable") return discovery;
  const spelled = inside(place.folder, place.marker.dangerName);
  const foldsCase = isSameEntry(inside(place.folder, place.name), spelled);
  // Of the others a name in another spelling is all that was looked at.
  const wasExamined = discovery.facts !== undefined || discovery.gitdir !== undefined;
  const looksReal = wasExamined && discovery.state === "live";
  const severity = foldsCase || looksReal ? "refuse" : "warn";
  return { ...discovery, form: "variant", severity };
}

function classifySpelled(place: MarkerPlace): Discovery {
  const path = inside(place.folder, place.name);
  const { vcs } = place.marker;
  if (vcs === "git") return classifyGit(place, path);
  if (vcs === "hg") return classifyHg(path);
  // A second workspace of a Jujutsu repository has a file where the first one has the repository.
  const second = vcs === "jj" && kindAt(inside(path, "repo")) === "file";
  return { vcs, form: second ? "workspace" : "dir", state: "live", severity: "refuse" };
}

function classifyGit(place: MarkerPlace, path: Bytes): Discovery {
  if (place.kind === "folder") return classifyGitdir(path, "dir");
  if (place.kind === "symlink") return classifyLink(place, path);
  return classifyGitFile(place);
}

/** A folder with a history of its own: `.git`, a bare repository, a displaced one. */
export function classifyGitdir(path: Bytes, form: "dir" | "bare" | "displaced"): Discovery {
  try {
    const shape = inspectGitdir(path);
    const state = form === "displaced" ? "displaced" : shape.whole ? "live" : "broken";
    const facts = describeGit({ gitdir: path, common: path }, shape);
    const { damage } = shape;
    const shown = shape.reftable && form !== "displaced" ? "reftable" : form;
    return { vcs: "git", form: shown, state, severity: "refuse", facts, damage };
  } catch (error) {
    return unreadable(error, "git");
  }
}

/** What could not be read is never "clean" (G4). */
export function unreadable(error: unknown, vcs: Vcs | undefined): Discovery {
  if (!isOutOfReach(error) || !(error instanceof Error)) throw error;
  const detail = error.message;
  return { vcs, form: "unreadable", state: "indeterminate", severity: "refuse", detail };
}

/** A link is resolved once, for the report (G11). */
function classifyLink(place: MarkerPlace, path: Bytes): Discovery {
  const written = readLink(path);
  const found = { vcs: "git", form: "symlink", severity: "refuse", detail: written } as const;
  const target = Buffer.from(resolve(place.folder.toString("utf8"), written ?? ""));
  if (written === undefined || kindAt(target) !== "folder") return { ...found, state: "broken" };
  const { state, facts, damage = [] } = classifyGitdir(target, "dir");
  return { ...found, state, facts, damage, gitdir: written, claims: target };
}

function classifyGitFile(place: MarkerPlace): Discovery {
  const file = readGitFile(place.folder, place.name);
  const { gitdir, commonDir, pathAbsolute, written, form } = file;
  const found = { vcs: "git", form, severity: "refuse", gitdir: written, pathAbsolute } as const;
  if (gitdir === undefined) return { ...found, state: "broken" };
  const common = commonDir === undefined ? gitdir : Buffer.from(commonDir);
  const inner = describeLinked(gitdir, common);
  if (form === "worktree") return { ...found, ...inner, commonDir };
  const outside = form === "separate" && !place.contains(gitdir);
  return { ...found, ...inner, severity: outside ? "warn" : "refuse", claims: gitdir };
}

function describeLinked(
  gitdir: Bytes,
  common: Bytes,
): Pick<Discovery, "state" | "facts" | "damage"> {
  try {
    const { whole, damage } = inspectGitdir(gitdir);
    const { reftable } = inspectGitdir(common);
    const facts = describeGit({ gitdir, common }, { reftable });
    return { state: whole ? "live" : "broken", facts, damage };
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    return { state: "indeterminate" };
  }
}

function classifyHg(path: Bytes): Discovery {
  if (kindAt(path) !== "folder") {
    return { vcs: "hg", form: "dir", state: "broken", severity: "refuse" };
  }
  const shared = readStart(inside(path, "sharedpath"), candidateBytesMax)?.trim();
  const signs = ["requires", "store", "data", "00changelog.i", "dirstate"];
  const live =
    shared !== undefined || signs.some((name) => kindAt(inside(path, name)) !== undefined);
  return {
    vcs: "hg",
    form: shared === undefined ? "dir" : "share",
    state: live ? "live" : "broken",
    severity: "refuse",
    gitdir: shared,
    facts: describeHg(path),
  };
}
