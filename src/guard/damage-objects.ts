import type { Extent } from "../core/repo/finding.ts";
import { copiedName, isConflictedName, isDropping } from "../core/repo/conflict-names.ts";
import { turn } from "../std/turn.ts";
import { damage, wholly, type Evidence, type Examined } from "./evidence.ts";
import { isClosed, listNames, sizeAt } from "./open-file.ts";
import { inside, kindAt, modifiedAt, type Bytes } from "./read-only.ts";

/** When a look has to end, and what time it is; ms since 1970. */
export type Watch = { readonly now: () => number; readonly deadline: number };

/** Git writes a pack first and its index a moment later. */
const packSettledMs = 60_000;

/** Loose objects that are looked at between two turns of everything else. */
const looksInARow = 256;

const looseName = /^(?:[0-9a-f]{38}|[0-9a-f]{62})$/u;

/** What Git has, or makes for a moment, in `objects` and in its folders. */
const temporary = /^(?:tmp_|\.tmp-|incoming-|tmp_objdir-|bulk-)/u;

/** Names and sizes below `objects/` (G40 tier 1): one look at each entry, none at its content. */
export async function lookAtObjects(common: Bytes, watch: Watch): Promise<Examined> {
  const objects = inside(common, "objects");
  const evidence: Evidence[] = [];
  let isAll = true;
  for (const name of listNames(objects).toSorted()) {
    if (watch.now() > watch.deadline) isAll = false;
    else if (/^[0-9a-f]{2}$/u.test(name)) evidence.push(...(await lookAtLoose(objects, name)));
    else if (name === "pack") evidence.push(...lookAtPacks(inside(objects, name), watch));
    else if (name === "info")
      evidence.push(...oddOnes(`objects/${name}`, listNames(inside(objects, name))));
    else evidence.push(...oddOnes("objects", [name]));
  }
  if (!isAll) return { evidence, extent: { checked: "part", reason: "budget" } };
  return { evidence, extent: isOpen(objects) ? wholly : hidden };
}

const hidden: Extent = { checked: "part", reason: "objects-not-read" };

/** Whether every folder of objects could be seen. */
function isOpen(objects: Bytes): boolean {
  const names = listNames(objects).filter((name) => /^(?:[0-9a-f]{2}|pack|info)$/u.test(name));
  return ![objects, ...names.map((name) => inside(objects, name))].some(isClosed);
}

async function lookAtLoose(objects: Bytes, fan: string): Promise<Evidence[]> {
  const folder = inside(objects, fan);
  // Git makes no links there; one may lead anywhere.
  if (kindAt(folder) !== "folder") return [];
  const names = listNames(folder);
  const odd = names.filter((name) => !looseName.test(name) && !temporary.test(name));
  const empty: string[] = [];
  for (const [at, name] of names.entries()) {
    if (at % looksInARow === 0) await turn();
    if (looseName.test(name) && sizeAt(folder, name) === 0) empty.push(name);
  }
  return [
    ...empty.map((name) => emptyObject(`objects/${fan}/${name}`)),
    ...odd.map((name) => oddOne(`objects/${fan}`, name) ?? misnamed(`objects/${fan}/${name}`)),
  ];
}

function emptyObject(path: string): Evidence {
  return damage(1, "object-empty", {
    path,
    detail: `"${path}" is an object without content: a download or a write was cut off. Remove it and fetch the object again: \`git fetch\`, or copy the file from another clone`,
  });
}

function misnamed(path: string): Evidence {
  return damage(1, "object-misnamed", {
    path,
    detail: `"${path}" has no name of an object, so Git does not find what is in it: if it was renamed, give it its name back`,
  });
}

/** Names that sync programs and systems leave; others are nobody's and do no harm. */
function oddOnes(folder: string, names: readonly string[]): Evidence[] {
  return names.flatMap((name) => oddOne(folder, name) ?? []);
}

function oddOne(folder: string, name: string): Evidence | undefined {
  const path = `${folder}/${name}`;
  if (isDropping(name)) {
    return damage(1, "junk-file", {
      path,
      detail: `"${path}" is no file of Git's, and lies where Git expects only its own: remove it`,
    });
  }
  const copied = copiedName(name);
  if (copied === undefined || (copied.ambiguous && !isOfGit(copied.original))) return undefined;
  return damage(1, "conflict-copy-object", {
    path,
    detail: `A file sync kept a second version of an object, a pack or an index as "${path}", and Git does not look into it. Keep it until \`git fsck\` finds everything without it`,
  });
}

function isOfGit(name: string): boolean {
  return (
    looseName.test(name) ||
    /^(?:[0-9a-f]{2}|pack|info|packs|alternates|commit-graph|multi-pack-index)$/u.test(name) ||
    /^pack-.+\.(?:pack|idx|rev|bitmap|keep|promisor|mtimes)$/u.test(name)
  );
}

/** Packs that lack their other half. */
function lookAtPacks(folder: Bytes, watch: Watch): Evidence[] {
  const names = new Set(listNames(folder));
  const plain = [...names].filter((name) => name.startsWith("pack-") && !isConflictedName(name));
  const alone = (from: string, to: string): string[] =>
    plain.filter((name) => name.endsWith(from) && !names.has(name.slice(0, -from.length) + to));
  // What is being written or removed right now is whole a moment later.
  const settled = (name: string): boolean => {
    const age = watch.now() - (modifiedAt(inside(folder, name)) ?? 0);
    return age < 0 || age >= packSettledMs;
  };
  return [
    ...oddOnes("objects/pack", [...names].toSorted()),
    ...alone(".pack", ".idx").filter(settled).map(packAlone),
    ...alone(".idx", ".pack").filter(settled).map(indexAlone),
  ];
}

function packAlone(name: string): Evidence {
  const path = `objects/pack/${name}`;
  return damage(1, "pack-without-index", {
    path,
    detail: `"${path}" has no index, so Git finds none of its objects. Make one: \`git index-pack ${path}\``,
  });
}

function indexAlone(name: string): Evidence {
  const path = `objects/pack/${name}`;
  return damage(1, "index-without-pack", {
    path,
    detail: `The pack of "${path}" is missing, with all the objects in it. Get the pack from another device, from Dropbox's deleted files, or fetch the commits again`,
  });
}
