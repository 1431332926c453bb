import { resolve } from "node:path";
import type {
  EngineFacts,
  Head,
  Measured,
  Operation,
  RepositoryFacts,
  WorkFacts,
} from "../core/repo/finding.ts";
import type { Describing } from "./describe.ts";
import { notComputed, unknownWork } from "./git-facts.ts";
import { countDrafts, type Drafts } from "./hg-drafts.ts";
import { bytesBelow } from "./packs.ts";
import { inside, kindAt, modifiedAt, readFirst, readStart, type Bytes } from "./read-only.ts";

const textBytesMax = 64 * 1024;

/**
 * Say what a Mercurial repository holds (G35): what is plain text by our own parsers, and how many changesets were not pushed by
 * the machine's own `hg`. Changed files are not looked for.
 *
 * @param folder the `.hg`
 */
export async function describeHg(folder: Bytes, describing: Describing): Promise<RepositoryFacts> {
  const store = storeOf(folder);
  const drafts = await draftsIn(folder, store, describing);
  return {
    head: headOf(folder, store),
    remotes: pathsIn(readStart(inside(folder, "hgrc"), textBytesMax) ?? ""),
    lastFetch: undefined,
    work: workOf(folder, drafts),
    format: { objects: undefined, refs: undefined, index: undefined, extensions: [] },
    engine: engineOf(drafts),
    operation: operationIn(folder),
    locks: ["wlock", "store/lock"].flatMap((path) => {
      const modified = modifiedAt(inside(folder, path));
      return modified === undefined ? [] : [{ path, modified }];
    }),
    submodules: [],
    worktrees: [],
    lfs: undefined,
    sizeBytes: bytesBelow(folder),
    repoId: undefined,
  };
}

/** A share has its history in another repository. */
export function storeOf(folder: Bytes): Bytes {
  const shared = readStart(inside(folder, "sharedpath"), textBytesMax)?.trim();
  const owner =
    shared === undefined ? folder : Buffer.from(resolve(folder.toString("utf8"), shared));
  return inside(owner, "store");
}

/** An empty repository has none; else the program is asked. */
async function draftsIn(folder: Bytes, store: Bytes, describing: Describing): Promise<Drafts> {
  if (kindAt(inside(store, "00changelog.i")) === undefined) {
    return { unpushed: { precision: "exact", value: 0 }, branches: [], version: undefined };
  }
  return await countDrafts({ folder, store }, describing);
}

function workOf(folder: Bytes, { unpushed, branches }: Drafts): WorkFacts {
  return {
    ...unknownWork("not-examined"),
    stashes: shelvesIn(folder),
    unpushed: { ...unpushed, branches },
  };
}

function engineOf({ unpushed, version }: Drafts): EngineFacts {
  const degraded = unpushed.precision === "notComputed" ? [unpushed.reason] : [];
  return { name: version === undefined ? "none" : "hg", version, degraded };
}

const noParent = "0".repeat(40);
const newDirstate = "dirstate-v2\n";

/** The branch is plain text; the changeset that the files stand at is how the list of files begins. */
function headOf(folder: Bytes, store: Bytes): Head {
  const branch = readStart(inside(folder, "branch"), textBytesMax)?.trim() || "default";
  if (kindAt(inside(store, "00changelog.i")) === undefined) return { kind: "unborn", branch };
  const start = readFirst(inside(folder, "dirstate"), newDirstate.length + 20);
  const isNew = start?.toString("latin1").startsWith(newDirstate) === true;
  const at = isNew ? newDirstate.length : 0;
  const oid = start?.toString("hex", at, at + 20);
  const isKnown = oid !== undefined && oid.length === 40 && oid !== noParent;
  return isKnown ? { kind: "branch", branch, oid } : { kind: "branch", branch };
}

/** Names in the section `[paths]`; nothing is included or run (G5). */
function pathsIn(config: string): string[] {
  const section = /^\[paths\]\s*$(?<body>[^[]*)/mu.exec(config)?.groups?.["body"] ?? "";
  return section.split("\n").flatMap((line) => {
    const name = /^(?<name>[^\s#;=:][^=:]*?)\s*=/u.exec(line)?.groups?.["name"];
    return name === undefined ? [] : [name];
  });
}

function shelvesIn(folder: Bytes): Measured {
  return kindAt(inside(folder, "shelved")) === undefined
    ? { precision: "exact", value: 0 }
    : notComputed("not-examined");
}

const operationSigns: readonly (readonly [string, Operation])[] = [
  ["rebasestate", "rebase"],
  ["histedit-state", "rebase"],
  ["graftstate", "cherry-pick"],
  ["merge/state2", "merge"],
  ["merge/state", "merge"],
  ["bisect.state", "bisect"],
];

function operationIn(folder: Bytes): Operation | undefined {
  return operationSigns.find(([sign]) => kindAt(inside(folder, sign)) !== undefined)?.[1];
}
