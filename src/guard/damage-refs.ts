import {
  conflictedRefs,
  copiedName,
  isConflictedName,
  isDropping,
} from "../core/repo/conflict-names.ts";
import { damage, type Evidence } from "./evidence.ts";
import { isRefName, isUnclearRefName } from "../core/repo/ref-name.ts";
import { parseHead, parseLooseRef } from "./git-text.ts";
import {
  inside,
  isOutOfReach,
  kindAt,
  readFolder,
  readStart,
  readWhole,
  type Bytes,
  type RawEntry,
} from "./read-only.ts";

/** Bounds of what is read; beyond them the check is not complete. */
const entriesMax = 200_000;
const depthMax = 32;
const refBytesMax = 4096;
const packedBytesMax = 64 * 1024 * 1024;

/** What stands below `refs/`, in `packed-refs`, and what is wrong with it. */
export type RefsSeen = {
  readonly evidence: readonly Evidence[];
  /** Object ids by full names, without conflicted copies (G42). */
  readonly refs: ReadonlyMap<string, string>;
  /** Names of loose refs, symbolic ones included. */
  readonly loose: ReadonlySet<string>;
  readonly hasPacked: boolean;
  /** False where one could not be read. */
  readonly complete: boolean;
};

type Looking = {
  readonly evidence: Evidence[];
  readonly refs: Map<string, string>;
  readonly loose: Set<string>;
  complete: boolean;
};

/** Look at the bytes and the name of every ref of a repository (G40 tier 1). Refs in tables are not looked at. */
export function lookAtRefs(common: Bytes): RefsSeen {
  const looking: Looking = { evidence: [], refs: new Map(), loose: new Set(), complete: true };
  const hasPacked = lookAtPacked(common, looking);
  const waiting: Place[] = [{ folder: inside(common, "refs"), path: "refs" }];
  let entries = 0;
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const entry of entriesOf(place.folder, looking)) {
      const at = { folder: inside(place.folder, entry.bytes), path: `${place.path}/${entry.name}` };
      if (isDropping(entry.name)) looking.evidence.push(junk(at.path));
      else if (entry.kind === "folder") waiting.push(at);
      else if (!entry.name.endsWith(".lock")) lookAtOne(at, entry, looking);
      entries += 1;
      if (entries > entriesMax || at.path.split("/").length > depthMax) {
        return seen({ ...looking, complete: false }, hasPacked);
      }
    }
  }
  return seen(looking, hasPacked);
}

type Place = { readonly folder: Bytes; readonly path: string };

/** Copies that only a second look at all refs tells from refs (G41). */
function seen(looking: Looking, hasPacked: boolean): RefsSeen {
  const copies = conflictedRefs(looking.refs);
  const refs = new Map([...looking.refs].filter(([name]) => !copies.has(name)));
  const told = [...copies].map((name) => copiedRef(name, looking.refs.get(name)));
  return { ...looking, evidence: [...looking.evidence, ...told], refs, hasPacked };
}

function entriesOf(folder: Bytes, looking: Looking): RawEntry[] {
  try {
    return readFolder(folder);
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    looking.complete = false;
    return [];
  }
}

function lookAtOne({ folder, path }: Place, entry: RawEntry, looking: Looking): void {
  looking.loose.add(path);
  // The form that a symbolic ref had before 2005.
  if (entry.kind === "symlink") return;
  if (entry.kind !== "file") {
    looking.evidence.push(junk(path));
    return;
  }
  const text = readStart(folder, refBytesMax);
  if (text === undefined) {
    looking.complete = false;
    return;
  }
  const oid = parseLooseRef(text);
  const isSymbolic = text.startsWith("ref:") && parseHead(text)?.kind === "ref";
  if (isUnclearRefName(path)) looking.complete = false;
  else if (oid !== undefined) looking.refs.set(path, oid);
  else if (!isSymbolic) looking.evidence.push(unreadable(path, entry.name));
  else if (!isRefName(path) || isConflictedName(path))
    looking.evidence.push(copiedRef(path, undefined));
}

function unreadable(path: string, name: string): Evidence {
  if (copiedName(name)?.ambiguous === false) return copiedRef(path, undefined);
  if (!isRefName(path)) return junk(path);
  return damage(1, "ref-unreadable", {
    path,
    detail: `"${path}" holds no object id, so Git has lost where it pointed: look for its last value with \`git reflog\` or in logs/${path}, or restore the file`,
  });
}

function copiedRef(path: string, oid: string | undefined): Evidence {
  return damage(1, "conflict-copy-ref", {
    path,
    detail: `A file sync kept a second version of a ref as "${path}": two devices moved it at once, and Git sees only one of them. Compare the two, keep the commits with \`snap guard rescue\`, then remove the copy`,
    ...(oid === undefined ? {} : { oids: [oid] }),
  });
}

function junk(path: string): Evidence {
  return damage(1, "junk-file", {
    path,
    detail: `"${path}" is no file of Git's, and lies where Git expects only its own: remove it`,
  });
}

const packedLine = /^(?:[0-9a-f]{40}|[0-9a-f]{64}) (?<name>.+)$/u;
const peeledLine = /^\^(?:[0-9a-f]{40}|[0-9a-f]{64})$/u;

/** Lines of `packed-refs`. False where the file is not there. */
function lookAtPacked(common: Bytes, looking: Looking): boolean {
  const packed = readWhole(inside(common, "packed-refs"), packedBytesMax);
  if (packed === undefined) return !isNothing(common, looking);
  const text = packed.bytes.toString("utf8");
  const lines = text.split("\n");
  const end = lines.pop();
  const bad = lines.findIndex((line) => !isPackedLine(line, looking));
  if (bad >= 0 || end !== "") {
    looking.evidence.push(
      damage(1, "ref-unreadable", {
        path: "packed-refs",
        detail: `Line ${bad >= 0 ? bad + 1 : lines.length + 1} of "packed-refs" is not what Git writes: branches and tags in it are lost to Git. Restore the file from a copy or from a remote`,
      }),
    );
  }
  return true;
}

function isPackedLine(line: string, looking: Looking): boolean {
  if (line.startsWith("#") || peeledLine.test(line)) return true;
  const name = packedLine.exec(line)?.groups?.["name"];
  if (name !== undefined && isUnclearRefName(name)) {
    looking.complete = false;
    return true;
  }
  if (name === undefined || !isRefName(name)) return false;
  looking.refs.set(name, line.slice(0, line.indexOf(" ")));
  return true;
}

function isNothing(common: Bytes, looking: Looking): boolean {
  const isThere = kindAt(inside(common, "packed-refs")) !== undefined;
  if (isThere) looking.complete = false;
  return !isThere;
}
