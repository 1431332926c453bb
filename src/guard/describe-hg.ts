import type { Measured, Operation, RepositoryFacts } from "../core/repo/finding.ts";
import { unknownWork } from "./git-facts.ts";
import { inside, kindAt, modifiedAt, readStart, type Bytes } from "./read-only.ts";

const textBytesMax = 64 * 1024;

/** What plain text tells about a Mercurial repository (G35). Which changesets are drafts is not in plain text. */
export function describeHg(folder: Bytes): RepositoryFacts {
  const branch = readStart(inside(folder, "branch"), textBytesMax)?.trim() || "default";
  const isEmpty = kindAt(inside(folder, "store/00changelog.i")) === undefined;
  return {
    head: isEmpty ? { kind: "unborn", branch } : { kind: "branch", branch },
    remotes: pathsIn(readStart(inside(folder, "hgrc"), textBytesMax) ?? ""),
    lastFetch: undefined,
    work: {
      ...unknownWork("not-examined"),
      stashes: shelvesIn(folder),
      unpushed: { precision: "notComputed", reason: "no-hg", branches: [] },
    },
    format: { objects: undefined, refs: undefined, index: undefined, extensions: [] },
    engine: { name: "none", version: undefined, degraded: [] },
    submodules: [],
    worktrees: [],
    lfs: undefined,
    sizeBytes: undefined,
    repoId: undefined,
    operation: operationIn(folder),
    locks: ["wlock", "store/lock"].flatMap((path) => {
      const modified = modifiedAt(inside(folder, path));
      return modified === undefined ? [] : [{ path, modified }];
    }),
  };
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
    : { precision: "notComputed", reason: "no-hg" };
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
