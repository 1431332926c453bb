import type { Integrity } from "../core/repo/finding.ts";
import { copiedName } from "../core/repo/conflict-names.ts";
import { damage, wholly, type Evidence } from "./evidence.ts";
import type { Watch } from "./damage-objects.ts";
import { isClosed, isDenied } from "./open-file.ts";
import { readRevlog, type Revlog } from "./hg-revlog.ts";
import {
  inside,
  kindAt,
  entriesIn,
  readLink,
  readStart,
  readWhole,
  type Bytes,
} from "./read-only.ts";

/** A Mercurial repository that is to be examined. */
export type HgExamination = {
  /** Its `.hg`. */
  readonly folder: Bytes;
  /** Name of this computer. */
  readonly host: string;
  readonly watch: Watch;
};

/** What was seen in a Mercurial repository. */
export type HgHealth = { readonly evidence: readonly Evidence[]; readonly integrity: Integrity };

const filesMax = 100_000;
const depthMax = 64;

/** Look for damage by names and sizes alone (G40, hg): conflicted copies, revlogs that are too short, a transaction left open. */
export function examineHg({ folder, host, watch }: HgExamination): HgHealth {
  const store = inside(folder, "store");
  const unasked = { checked: "none", reason: "not-asked" } as const;
  if (kindAt(store) !== "folder") {
    const none = { checked: "none", reason: "no-store" } as const;
    return {
      evidence: copiesBeside(folder),
      integrity: { structure: none, tips: none, connectivity: unasked },
    };
  }
  const known = knownRevlogs(store);
  const changelog = readRevlog(store, "00changelog.i");
  const evidence = [...copiesBeside(folder), ...journalLeft(folder, host)];
  let isAll = true;
  let count = 0;
  const reading = { complete: !isClosed(folder) };
  for (const file of storeFiles(store, reading)) {
    count += 1;
    if (count > filesMax || watch.now() > watch.deadline) {
      isAll = false;
      break;
    }
    evidence.push(...lookAtFile(file, known, changelog));
  }
  const seen = reading.complete ? wholly : unseen;
  const extent = isAll ? seen : ({ checked: "part", reason: "budget" } as const);
  return { evidence, integrity: { structure: extent, tips: extent, connectivity: unasked } };
}

const unseen = { checked: "part", reason: "store-not-read" } as const;

type StoreFile = { readonly folder: Bytes; readonly name: string; readonly path: string };

/** Files of the store, below `.hg`; nothing is followed. `reading` is told where one could not be looked at. */
function* storeFiles(store: Bytes, reading: { complete: boolean }): Generator<StoreFile> {
  const waiting = [{ folder: store, path: "store" }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (isClosed(place.folder)) reading.complete = false;
    for (const entry of entriesIn(place.folder)) {
      const path = `${place.path}/${entry.name}`;
      const isDeep = path.split("/").length > depthMax;
      const isHidden = entry.kind === "file" && isDenied(inside(place.folder, entry.bytes));
      if (isHidden || (entry.kind === "folder" && isDeep)) reading.complete = false;
      if (entry.kind === "folder" && !isDeep) {
        waiting.push({ folder: inside(place.folder, entry.bytes), path });
      } else if (entry.kind === "file") {
        yield { folder: place.folder, name: entry.name, path };
      }
    }
  }
}

function lookAtFile(file: StoreFile, known: Known, changelog: Revlog | undefined): Evidence[] {
  if (isCopy(file, known)) return [copiedFile(file.path)];
  if (!file.name.endsWith(".i")) return [];
  const revlog = readRevlog(file.folder, file.name);
  if (revlog === undefined) return [];
  if (revlog.problem !== undefined) return [truncated(file.path, revlog.problem)];
  // A file cannot know of a changeset that the changelog does not have.
  const isAhead = changelog !== undefined && revlog.lastLink >= changelog.count;
  return isAhead
    ? [
        truncated(
          "store/00changelog.i",
          `ends before changeset ${revlog.lastLink}, which "${file.path}" belongs to`,
        ),
      ]
    : [];
}

function truncated(path: string, problem: string): Evidence {
  return damage(1, "revlog-truncated", {
    path,
    detail: `"${path}" ${problem}: a transfer was cut off, or its parts came from different devices. Get the whole file from another device or from Dropbox's versions of it; \`hg verify\` tells what is lost`,
  });
}

function copiedFile(path: string): Evidence {
  return damage(1, "conflict-copy-file", {
    path,
    detail: `A file sync kept a second version of a file of Mercurial's as "${path}": two devices committed at once, and Mercurial sees only one of them. Pull from the other device before you remove it`,
  });
}

/** Names of files whose revlogs the store has, as its list says; undefined without one. */
type Known = ReadonlySet<string> | undefined;

const listBytesMax = 32 * 1024 * 1024;

function knownRevlogs(store: Bytes): Known {
  const list = readWhole(inside(store, "fncache"), listBytesMax);
  return list && new Set(list.bytes.toString("utf8").split("\n"));
}

/** A tracked file may have such a name itself: then the list has it. */
function isCopy({ name, path }: StoreFile, known: Known): boolean {
  const copied = copiedName(name);
  if (copied === undefined || path.startsWith("store/dh/")) return false;
  const isTracked = known?.has(decoded(path.slice("store/".length))) === true;
  const isOwn = /^(?:00changelog|00manifest|fncache|phaseroots|obsstore|undo|requires)\b/u.test(
    copied.original,
  );
  return !isTracked && (isOwn || (known !== undefined && !copied.ambiguous));
}

/** Capital letters, and characters that some disks refuse, are written with others in the store. */
function decoded(path: string): string {
  return path
    .replaceAll(/~([0-9a-f]{2})/gu, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replaceAll(/_([a-z_])/gu, (_, letter: string) => letter.toUpperCase());
}

const ownFiles =
  /^(?:dirstate|branch|bookmarks|requires|hgrc|00changelog\.i|sharedpath|last-message\.txt)/u;

function copiesBeside(folder: Bytes): Evidence[] {
  return entriesIn(folder)
    .filter(({ name }) => ownFiles.test(copiedName(name)?.original ?? ""))
    .map(({ name }) => copiedFile(name));
}

/** A journal without whoever writes it: the last command was cut off, or somebody else's came along. */
function journalLeft(folder: Bytes, host: string): Evidence[] {
  if (kindAt(inside(folder, "store/journal")) === undefined) return [];
  const lock = inside(folder, "store/lock");
  const holder = readLink(lock) ?? readStart(lock, 4096);
  const [by] = holder?.split(/[:/]/u) ?? [];
  if (by?.toLowerCase() === host.toLowerCase()) return [];
  return [
    damage(1, "journal-left", {
      path: "store/journal",
      detail: `A transaction of Mercurial's was not ended, and no command of this device is at it. Make a copy of the repository, then run \`hg recover\``,
    }),
  ];
}
