import { copiedName, isDropping } from "../core/repo/conflict-names.ts";
import type { RefsSeen } from "./damage-refs.ts";
import type { Steps } from "../std/steps.ts";
import { damage, hint, wholly, type Evidence, type Examined } from "./evidence.ts";
import { isRefName, isUnclearRefName } from "../core/repo/ref-name.ts";
import type { HeadText } from "./git-text.ts";
import { isClosed, isDenied, OpenFile } from "./open-file.ts";
import { inside, entriesIn, type Bytes } from "./read-only.ts";

const logsMax = 100_000;
const depthMax = 32;

/** Files that are read in one step. */
const logsInARow = 64;

/** The end of a reflog: the last line of one has a commit's subject, which may be long. */
const endBytesMax = 64 * 1024;

/** A reflog of which no ref is known. */
type Orphan = { readonly ref: string; readonly end: string };

/** Look at the ends of all reflogs, and at the names of their files (G40 tier 1). */
export function* lookAtLogs(
  common: Bytes,
  refs: RefsSeen,
  head: HeadText | undefined,
): Steps<Examined> {
  const reading = { complete: true };
  const evidence: Evidence[] = [];
  const orphans: Orphan[] = [];
  let count = 0;
  for (const { path, ref, file } of logFiles(inside(common, "logs"), reading)) {
    count += 1;
    if (count % logsInARow === 0) yield;
    const name = path.slice(path.lastIndexOf("/") + 1);
    // Of a name that is no UTF-8 it cannot be told which ref it goes with.
    if ((isDropping(name) && !isRefName(ref)) || isUnclearRefName(ref)) continue;
    const end = endOf(file);
    if (isCopy(ref, name)) evidence.push(copiedLog(path, end));
    else if (end === undefined || !isLocal(ref)) continue;
    else if (refs.refs.get(ref) === undefined) orphans.push({ ref, end });
    else if (refs.refs.get(ref) !== end) evidence.push(ahead(ref, end));
  }
  const lost = orphans.filter(({ ref }) => !refs.loose.has(ref) && isLost(ref, refs, head));
  return {
    evidence: [...evidence, ...lost.map(lostRef)],
    extent: reading.complete ? wholly : { checked: "part", reason: "logs-not-read" },
  };
}

/** Refs that only this repository has, and whose reflog Git removes with them. */
function isLocal(ref: string): boolean {
  return ref.startsWith("refs/heads/") || ref === "refs/stash";
}

/**
 * A branch that is deleted takes its reflog along. So a log without its branch tells of a loss where `HEAD` still stands on
 * the branch, or where there is no list of packed refs that the branch could have been taken out of.
 */
function isLost(
  ref: string,
  { hasPacked, complete }: RefsSeen,
  head: HeadText | undefined,
): boolean {
  if (!complete) return false;
  return (head?.kind === "ref" && head.ref === ref) || !hasPacked;
}

function lostRef({ ref, end }: Orphan): Evidence {
  return damage(1, "refs-lost", {
    path: ref,
    detail: `"${ref}" is gone, its reflog is still there: it stood at ${end} last. If it was in a lost "packed-refs", other refs went with it. Bring it back with \`git update-ref ${ref} ${end}\``,
    oids: [end],
  });
}

function ahead(ref: string, end: string): Evidence {
  return hint("reflog-ahead", {
    path: ref,
    detail: `The reflog of "${ref}" ends at ${end}, and the ref stands elsewhere: an older version of the ref may have come back`,
    oids: [end],
  });
}

function copiedLog(path: string, end: string | undefined): Evidence {
  return damage(1, "conflict-copy-file", {
    path: `logs/${path}`,
    detail: `A file sync kept a second version of a reflog as "logs/${path}": it tells of commits that another device made`,
    ...(end === undefined ? {} : { oids: [end] }),
  });
}

/** A label that people use too is none in a log's name: the ref of that name tells. */
function isCopy(ref: string, name: string): boolean {
  if (copiedName(name)?.ambiguous === false) return true;
  return ref !== "HEAD" && !isRefName(ref);
}

type LogFile = { readonly path: string; readonly ref: string; readonly file: Bytes };

/** @param reading is told where one could not be looked at */
function* logFiles(logs: Bytes, reading: { complete: boolean }): Generator<LogFile> {
  const waiting = [{ folder: logs, path: "" }];
  let count = 0;
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (isClosed(place.folder)) reading.complete = false;
    for (const entry of entriesIn(place.folder)) {
      const path = place.path === "" ? entry.name : `${place.path}/${entry.name}`;
      const at = inside(place.folder, entry.bytes);
      count += 1;
      if (count > logsMax || path.split("/").length > depthMax) {
        reading.complete = false;
        return;
      }
      if (entry.kind === "file" && isDenied(at)) reading.complete = false;
      if (entry.kind === "folder") waiting.push({ folder: at, path });
      else if (entry.kind === "file") yield { path, ref: path, file: at };
    }
  }
}

const logLine = /^(?:[0-9a-f]{40}|[0-9a-f]{64}) (?<end>[0-9a-f]{40}|[0-9a-f]{64}) /u;

/** The object id that a reflog ends at; undefined for an empty log, and where a ref was removed. */
function endOf(path: Bytes): string | undefined {
  using file = OpenFile.open(path);
  const lines = file?.readEnd(endBytesMax).toString("latin1").trimEnd().split("\n") ?? [];
  const end = logLine.exec(lines.at(-1) ?? "")?.groups?.["end"];
  return end === undefined || /^0+$/u.test(end) ? undefined : end;
}
