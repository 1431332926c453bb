import { sep } from "node:path";
import {
  bareRepository,
  isDisplacedGitName,
  repositoryMarker,
  subversionServer,
  type Vcs,
} from "../core/repo/marker.ts";
import { isFossilName, repositoryTrace } from "../core/repo/trace.ts";
import {
  classifyFossil,
  classifyGitdir,
  classifyMarker,
  classifyModule,
  unreadable,
  type Discovery,
} from "./classify.ts";
import { isTornBare } from "./gitdir.ts";
import { inside, kindAt, readFolder, type Bytes, type RawEntry } from "./read-only.ts";
import { ignoreBytesMax, isOddFile } from "./special-files.ts";
import { turn } from "../std/turn.ts";

/** A discovery and where it was made. */
export type Sighting = {
  readonly discovery: Discovery;
  /** Names from the top of the workspace to the folder that holds the marker. */
  readonly names: readonly string[];
  readonly absolutePath: Bytes;
  /** "" where the folder itself is the repository. */
  readonly marker: string;
  readonly markerKind: "folder" | "file";
};

/** What a sweep saw, and how much it looked at. */
export type Sweep = {
  readonly sightings: readonly Sighting[];
  readonly folders: number;
  readonly files: number;
  /** Folders whose rules to ignore files are in no file, or in one that is too large for Git to be shown (G33). */
  readonly oddIgnores: readonly Bytes[];
  /** False where the time was over before every folder was looked into. */
  readonly complete: boolean;
};

/** Other work has a turn after so many folders. */
const foldersInARow = 64;

/** A folder that is to be looked into. */
type Stop = {
  readonly path: Bytes;
  readonly names: readonly string[];
  /** It holds a history: its own folders for objects and refs are passed over (G8). */
  readonly isGitdir?: boolean;
  /** It lies in the part of a gitdir where those of submodules are. */
  readonly inModules?: boolean;
  /** Systems of which a trace was told for a folder around it: they leave one in every folder. */
  readonly told?: ReadonlySet<Vcs>;
};

/** Parts of a gitdir that are large and hold no repository. */
const innerParts: ReadonlySet<string> = new Set([
  "objects",
  "refs",
  "logs",
  "lfs",
  "annex",
  "reftable",
  "rr-cache",
]);

/**
 * Look for repositories in a folder and everything below it (G7, G8): one pass over the names, no depth limit, no stop at the
 * first hit; links are not followed. In a gitdir only repositories are looked for: those of submodules, and whatever was put
 * there. `.snap` at the top is ours.
 *
 * @param isOver tells before each folder whether to stop
 */
export async function sweepFolder(top: string, isOver: () => boolean): Promise<Sweep> {
  const start = top.endsWith(sep) ? top : `${top}${sep}`;
  const contains = (path: Bytes): boolean => `${path.toString()}${sep}`.startsWith(start);
  const sightings: Sighting[] = [];
  const waiting: Stop[] = [{ path: Buffer.from(top), names: [] }];
  let folders = 0;
  const oddIgnores: Bytes[] = [];
  let files = 0;
  for (let stop = waiting.pop(); stop !== undefined; stop = waiting.pop()) {
    if (isOver()) return { sightings, folders, files, oddIgnores, complete: false };
    folders += 1;
    if (folders % foldersInARow === 0) await turn();
    const entries = read(stop, sightings);
    for (const entry of entries) if (entry.kind === "file") files += 1;
    if (hasOddIgnores(stop, entries)) oddIgnores.push(stop.path);
    const found = lookInto(stop, entries, contains);
    sightings.push(...found.sightings);
    waiting.push(...found.below);
  }
  return { sightings, folders, files, oddIgnores, complete: true };
}

/** A disk may fold case: then Git opens any spelling. */
function hasOddIgnores({ path }: Stop, entries: readonly RawEntry[]): boolean {
  const rules = entries.filter(({ name }) => name.toLowerCase() === ".gitignore");
  return rules.some(({ bytes }) => isOddFile(inside(path, bytes), ignoreBytesMax));
}

type Found = { readonly sightings: readonly Sighting[]; readonly below: readonly Stop[] };

function lookInto(
  stop: Stop,
  entries: readonly RawEntry[],
  contains: (path: Bytes) => boolean,
): Found {
  const repository = stop.isGitdir === true ? undefined : repositoryItself(stop, entries);
  if (repository !== undefined) {
    const isGit = repository.discovery.vcs === "git";
    const gitdir = { ...stop, isGitdir: true };
    return { sightings: [repository], below: isGit ? foldersIn(gitdir, entries) : [] };
  }
  const traces = tracesIn(stop, entries);
  const told = toldBelow(toldIn(stop, entries), traces);
  const sightings: Sighting[] = [...traces];
  const below: Stop[] = [];
  const plain: RawEntry[] = [];
  for (const entry of entries) {
    const sighting = sightingAt(stop, entry, contains);
    if (sighting === undefined) {
      if (entry.kind === "folder") plain.push(entry);
      continue;
    }
    sightings.push(sighting);
    if (isOpenGitdir(sighting, entry)) below.push({ ...at(stop, entry), isGitdir: true });
  }
  below.push(...foldersIn({ ...stop, told }, plain));
  return { sightings, below };
}

/** What could not be read is told once. */
function isOpenGitdir({ discovery }: Sighting, { kind, name }: RawEntry): boolean {
  const isGit = repositoryMarker(name, kind)?.vcs === "git";
  return isGit && kind === "folder" && discovery.form !== "unreadable";
}

/** Folders that are to be looked into next. */
function foldersIn(stop: Stop, entries: readonly RawEntry[]): Stop[] {
  return entries
    .filter(({ kind }) => kind === "folder")
    .filter((entry) => !isOwn(stop, entry) && !isInnerPart(stop, entry))
    .map((entry) => ({
      ...at(stop, entry),
      told: stop.told ?? nothingTold,
      inModules: stop.isGitdir === true ? entry.name === "modules" : stop.inModules === true,
    }));
}

const nothingTold: ReadonlySet<Vcs> = new Set();

function at(stop: Stop, entry: RawEntry): Stop {
  return { path: inside(stop.path, entry.bytes), names: [...stop.names, entry.name] };
}

/** The repositories whose work tree, or whose history, a folder is; only its own entries are looked at. */
export function repositoriesAt(folder: string): Sighting[] {
  const stop = { path: Buffer.from(folder), names: [] };
  const sightings: Sighting[] = [];
  const found = lookInto(stop, read(stop, sightings), () => true);
  return [...sightings, ...found.sightings];
}

function isOwn(stop: Stop, entry: RawEntry): boolean {
  return stop.names.length === 0 && entry.name === ".snap";
}

function isInnerPart(stop: Stop, entry: RawEntry): boolean {
  return stop.isGitdir === true && innerParts.has(entry.name);
}

function read(stop: Stop, sightings: Sighting[]): RawEntry[] {
  try {
    return readFolder(stop.path);
  } catch (error) {
    sightings.push(itself(stop, unreadable(error, undefined)));
    return [];
  }
}

function itself(stop: Stop, discovery: Discovery): Sighting {
  const { names, path } = stop;
  return { discovery, names, absolutePath: path, marker: "", markerKind: "folder" };
}

/** The folder is a bare repository, a displaced `.git`, that of a submodule, or a Subversion server (G11). */
function repositoryItself(stop: Stop, entries: readonly RawEntry[]): Sighting | undefined {
  const shape = bareRepository(entries);
  if (shape === "whole" || shape === "torn" || (shape === "suspect" && isTornBare(stop.path))) {
    if (stop.inModules === true) return itself(stop, classifyModule(stop.path));
    const displaced = isDisplacedGitName(stop.names.at(-1) ?? "");
    return itself(stop, classifyGitdir(stop.path, displaced ? "displaced" : "bare", undefined));
  }
  if (!subversionServer(entries)) return undefined;
  return itself(stop, { vcs: "svn", form: "server", state: "live", severity: "refuse" });
}

function sightingAt(
  stop: Stop,
  entry: RawEntry,
  contains: (path: Bytes) => boolean,
): Sighting | undefined {
  const marker = repositoryMarker(entry.name, entry.kind);
  if (marker === undefined) return undefined;
  const place = { folder: stop.path, name: entry.bytes, kind: entry.kind, marker, contains };
  return beside(stop, entry, classifyMarker(place));
}

/** A finding in a folder, by the entry that tells of it. */
function beside(stop: Stop, entry: RawEntry, discovery: Discovery): Sighting {
  return {
    discovery,
    names: stop.names,
    absolutePath: stop.path,
    marker: entry.name,
    markerKind: entry.kind === "folder" ? "folder" : "file",
  };
}

/** Files of Fossil, and the topmost trace of each system that leaves many. */
function tracesIn(stop: Stop, entries: readonly RawEntry[]): Sighting[] {
  if (stop.isGitdir === true) return [];
  const told = new Set(toldIn(stop, entries));
  const sightings: Sighting[] = [];
  for (const entry of entries) {
    const discovery = traceOf(stop, entry, told);
    if (discovery?.severity === "info") told.add(discovery.vcs ?? "cvs");
    if (discovery !== undefined) sightings.push(beside(stop, entry, discovery));
  }
  return sightings;
}

function traceOf(stop: Stop, entry: RawEntry, told: ReadonlySet<Vcs>): Discovery | undefined {
  const path = (): Bytes => inside(stop.path, entry.bytes);
  if (entry.kind === "file" && isFossilName(entry.name)) return classifyFossil(path());
  const trace = repositoryTrace(entry.name, entry.kind);
  if (trace === undefined || told.has(trace.vcs)) return undefined;
  if (!trace.needs.every((name) => kindAt(inside(path(), name)) === "file")) return undefined;
  return { vcs: trace.vcs, form: "dir", state: "live", severity: "info" };
}

/** Beside `CVSROOT` lies what the server keeps: histories in the form of RCS, in every folder. */
function toldIn({ told = nothingTold }: Stop, entries: readonly RawEntry[]): ReadonlySet<Vcs> {
  const isServer = entries.some(({ name, kind }) => name === "CVSROOT" && kind === "folder");
  return isServer ? new Set<Vcs>([...told, "rcs"]) : told;
}

function toldBelow(told: ReadonlySet<Vcs>, traces: readonly Sighting[]): ReadonlySet<Vcs> {
  if (traces.length === 0) return told;
  const found = traces.flatMap(({ discovery: { vcs, severity } }) =>
    vcs !== undefined && severity === "info" ? [vcs] : [],
  );
  return new Set([...told, ...found]);
}
