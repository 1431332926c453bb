import { sep } from "node:path";
import {
  bareRepository,
  isDisplacedGitName,
  repositoryMarker,
  subversionServer,
} from "../core/repo/marker.ts";
import { classifyGitdir, classifyMarker, unreadable, type Discovery } from "./classify.ts";
import { isTornBare } from "./gitdir.ts";
import { inside, readFolder, type Bytes, type RawEntry } from "./read-only.ts";
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
  /** False where the time was over before every folder was looked into. */
  readonly complete: boolean;
};

/** Other work has a turn after so many folders. */
const foldersInARow = 64;

type Stop = { readonly path: Bytes; readonly names: readonly string[] };

/**
 * Look for repositories in a folder and everything below it (G7, G8): one pass over the names, no depth limit, no stop at the
 * first hit; links are not followed, and the inside of a gitdir is not looked into. `.snap` at the top is ours.
 *
 * @param isOver tells before each folder whether to stop
 */
export async function sweepFolder(top: string, isOver: () => boolean): Promise<Sweep> {
  const root = Buffer.from(top);
  const contains = (path: Bytes): boolean => `${path.toString()}${sep}`.startsWith(`${top}${sep}`);
  const sightings: Sighting[] = [];
  const waiting: Stop[] = [{ path: root, names: [] }];
  let folders = 0;
  let files = 0;
  for (let stop = waiting.pop(); stop !== undefined; stop = waiting.pop()) {
    if (isOver()) return { sightings, folders, files, complete: false };
    folders += 1;
    if (folders % foldersInARow === 0) await turn();
    const entries = read(stop, sightings);
    files += entries.filter((entry) => entry.kind === "file").length;
    const repository = repositoryItself(stop, entries);
    if (repository !== undefined) {
      sightings.push(repository);
      continue;
    }
    for (const entry of entries) {
      const sighting = sightingAt(stop, entry, contains);
      if (sighting !== undefined) sightings.push(sighting);
      else if (entry.kind === "folder" && !isOwn(stop, entry)) waiting.push(below(stop, entry));
    }
  }
  return { sightings, folders, files, complete: true };
}

/** The repository whose work tree, or whose history, a folder is; only its own entries are looked at. */
export function repositoryAt(folder: string): Sighting | undefined {
  const stop = { path: Buffer.from(folder), names: [] };
  const entries = readFolder(stop.path);
  const itself = repositoryItself(stop, entries);
  if (itself !== undefined) return itself;
  const found = entries.map((entry) => sightingAt(stop, entry, () => true));
  return found.find((sighting) => sighting !== undefined);
}

function isOwn(stop: Stop, entry: RawEntry): boolean {
  return stop.names.length === 0 && entry.name === ".snap";
}

function below(stop: Stop, entry: RawEntry): Stop {
  return { path: inside(stop.path, entry.bytes), names: [...stop.names, entry.name] };
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

/** The folder is a bare repository, a displaced `.git`, or a Subversion server (G11). */
function repositoryItself(stop: Stop, entries: readonly RawEntry[]): Sighting | undefined {
  const shape = bareRepository(entries);
  if (shape === "whole" || shape === "torn" || (shape === "suspect" && isTornBare(stop.path))) {
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
  return {
    discovery: classifyMarker(place),
    names: stop.names,
    absolutePath: stop.path,
    marker: entry.name,
    markerKind: entry.kind === "folder" ? "folder" : "file",
  };
}
