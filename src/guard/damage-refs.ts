import {
  conflictedRefs,
  copiedName,
  isConflictedName,
  isDropping,
} from "../core/repo/conflict-names.ts";
import type { Steps } from "../std/steps.ts";
import { damage, hint, type Evidence } from "./evidence.ts";
import { isRefName, isUnclearRefName } from "../core/repo/ref-name.ts";
import { parseHead, parseLooseRef } from "./git-text.ts";
import { linkedRef, refBytesMax, walkRefs, type LooseEntry } from "./loose-refs.ts";
import { inside, kindAt, readStart, readWhole, type Bytes } from "./read-only.ts";
import { refOrigins } from "./ref-origin.ts";

/** More is not read; the check is not complete then. */
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
export function* lookAtRefs(common: Bytes): Steps<RefsSeen> {
  const looking: Looking = { evidence: [], refs: new Map(), loose: new Set(), complete: true };
  const hasPacked = lookAtPacked(common, looking);
  const isWhole = yield* walkRefs(common, "refs", (found) => {
    const { entry, path } = found;
    if (isDropping(entry.name) && !mayBeGits(found)) {
      looking.evidence.push(junk(path));
      return "past";
    }
    if (entry.kind !== "folder" && !entry.name.endsWith(".lock")) lookAtOne(found, looking);
    return undefined;
  });
  if (!isWhole) looking.complete = false;
  return seen(common, looking, hasPacked);
}

/** Git takes `desktop.ini` for the name of a branch; what systems leave under it holds no ref. */
function mayBeGits({ entry, place, path }: LooseEntry): boolean {
  if (!isRefName(path) || entry.kind === "folder") return isRefName(path);
  const text = readStart(place, refBytesMax) ?? "";
  return parseLooseRef(text) !== undefined || text.startsWith("ref:");
}

/** Copies that only a second look at all refs tells from refs (G41). */
function seen(common: Bytes, looking: Looking, hasPacked: boolean): RefsSeen {
  const origins = refOrigins(common, (name) => looking.loose.has(name));
  const { copies, unclear } = conflictedRefs(looking.refs, origins);
  const refs = new Map([...looking.refs].filter(([name]) => !copies.has(name)));
  const told = [...copies].map((name) => copiedRef(name, looking.refs.get(name)));
  const likely = [...unclear].map(likeCopy);
  return { ...looking, evidence: [...looking.evidence, ...told, ...likely], refs, hasPacked };
}

function lookAtOne({ entry, place, path }: LooseEntry, looking: Looking): void {
  looking.loose.add(path);
  if (entry.kind === "special") {
    looking.evidence.push(junk(path));
    return;
  }
  // A link to a folder or a file is not followed: what refs are there is not known.
  const isLink = entry.kind === "symlink";
  const text = isLink ? linkedRef(place) : readStart(place, refBytesMax);
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

function likeCopy(path: string): Evidence {
  return hint("ref-like-copy", {
    path,
    detail: `"${path}" stands beside the ref of that name without an ending, at another commit: a branch of yours, or a second version that OneDrive or Resilio kept. If nobody made it, compare the two, keep what you need, then remove it`,
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
