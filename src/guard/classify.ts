import type { Adjacent, RepositoryForm, RepositoryState, Severity } from "../core/repo/finding.ts";
import type { EntryKind, Marker, Vcs } from "../core/repo/marker.ts";
import { resolve } from "node:path";
import { adjacentTo } from "./adjacent.ts";
import { fossilFile } from "./fossil.ts";
import type { GitSubject } from "./git-layout.ts";
import { candidateBytesMax, commonDirOf, inspectGitdir, readGitFile } from "./gitdir.ts";
import {
  inside,
  isOutOfReach,
  isSameEntry,
  kindAt,
  readLink,
  readStart,
  type Bytes,
} from "./read-only.ts";

/** What there is to describe about a repository. */
export type Subject =
  | ({ readonly vcs: "git" } & GitSubject)
  | { readonly vcs: "hg"; readonly gitdir: Bytes };

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
  readonly subject?: Subject | undefined;
  readonly adjacent?: readonly Adjacent[];
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
  const wasExamined = discovery.subject !== undefined || discovery.gitdir !== undefined;
  const looksReal = wasExamined && discovery.state === "live";
  const severity = foldsCase || looksReal ? "refuse" : "warn";
  return { ...discovery, form: "variant", severity };
}

function classifySpelled(place: MarkerPlace): Discovery {
  const path = inside(place.folder, place.name);
  const { vcs } = place.marker;
  if (vcs === "git") return classifyGit(place, path);
  if (vcs === "hg") return classifyHg(path);
  if (vcs === "fossil") return classifyCheckout(path);
  // A second workspace of a Jujutsu repository has a file where the first one has the repository.
  const second = vcs === "jj" && kindAt(inside(path, "repo")) === "file";
  return { vcs, form: second ? "workspace" : "dir", state: "live", severity: "refuse" };
}

function classifyGit(place: MarkerPlace, path: Bytes): Discovery {
  if (place.kind === "folder") {
    const found = classifyGitdir(path, "dir", place.folder);
    // Sapling can keep its state in a gitdir; the history is Git's.
    return kindAt(inside(path, "sl")) === "folder" ? { ...found, vcs: "sapling" } : found;
  }
  if (place.kind === "symlink") return classifyLink(place, path);
  return classifyGitFile(place);
}

/**
 * A folder with a history of its own: `.git`, a bare repository, a displaced one.
 *
 * @param folder holds the files; undefined where there are none, or it is not known which
 */
export function classifyGitdir(
  path: Bytes,
  form: "dir" | "bare" | "displaced",
  folder: Bytes | undefined,
): Discovery {
  try {
    const shape = inspectGitdir(path);
    const state = form === "displaced" ? "displaced" : shape.whole ? "live" : "broken";
    const commonDir = commonDirOf(path);
    const common = commonDir === undefined ? path : Buffer.from(commonDir);
    const subject = { vcs: "git", gitdir: path, common, folder } as const;
    const shown = shape.reftable && form !== "displaced" ? "reftable" : form;
    const adjacent = adjacentTo(common, folder);
    return { vcs: "git", form: shown, state, severity: "refuse", commonDir, subject, adjacent };
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
  const { state, commonDir, subject, adjacent = [] } = classifyGitdir(target, "dir", place.folder);
  return { ...found, state, commonDir, subject, adjacent, gitdir: written, claims: target };
}

function classifyGitFile(place: MarkerPlace): Discovery {
  const file = readGitFile(place.folder, place.name);
  const { gitdir, commonDir, pathAbsolute, written, form } = file;
  const found = { vcs: "git", form, severity: "refuse", gitdir: written, pathAbsolute } as const;
  if (gitdir === undefined) return { ...found, state: "broken" };
  const common = commonDir === undefined ? gitdir : Buffer.from(commonDir);
  const inner = examineLinked({ vcs: "git", gitdir, common, folder: place.folder });
  if (form === "worktree") return { ...found, ...inner, commonDir };
  const outside = form === "separate" && !place.contains(gitdir);
  return { ...found, ...inner, severity: outside ? "warn" : "refuse", claims: gitdir };
}

function examineLinked(
  subject: { readonly vcs: "git" } & GitSubject,
): Pick<Discovery, "state" | "subject" | "adjacent"> {
  try {
    const { whole } = inspectGitdir(subject.gitdir);
    const adjacent = adjacentTo(subject.common, subject.folder);
    return { state: whole ? "live" : "broken", subject, adjacent };
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    return { state: "indeterminate" };
  }
}

/** The marker of a checkout of Fossil is a database. Its history is another file, wherever that is. */
function classifyCheckout(path: Bytes): Discovery {
  const isDatabase = fossilFile(path) !== undefined;
  return {
    vcs: "fossil",
    form: "dir",
    state: isDatabase ? "live" : "broken",
    severity: "refuse",
  };
}

/** A file that is named like a repository of Fossil (G11): one file, so a sync does not tear it apart. */
export function classifyFossil(path: Bytes): Discovery | undefined {
  const kind = fossilFile(path);
  if (kind === "checkout") return classifyCheckout(path);
  if (kind !== "repository") return undefined;
  return { vcs: "fossil", form: "bare", state: "live", severity: "warn" };
}

/** A gitdir of a submodule whose folder is gone: what was not pushed is nowhere else (G8). */
export function classifyModule(path: Bytes): Discovery {
  const found = classifyGitdir(path, "bare", undefined);
  if (found.form === "unreadable") return found;
  return { ...found, form: "submodule", detail: "its folder with the files is not there" };
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
    subject: { vcs: "hg", gitdir: path },
  };
}
