import { createHash } from "node:crypto";
import { damage, wholly, type Evidence, type Examined } from "./evidence.ts";
import type { Watch } from "./damage-objects.ts";
import { PackIndex } from "./git-pack.ts";
import { isClosed, isDenied, listNames, OpenFile } from "./open-file.ts";
import { inside, kindAt, type Bytes } from "./read-only.ts";

/** Each pack against what its index recorded of it: header and trailer (G40 tier 2). */
export function lookIntoPacks(common: Bytes, hashBytes: number, watch: Watch): Examined {
  const folder = inside(common, "objects/pack");
  const names = new Set(listNames(folder));
  const evidence: Evidence[] = [];
  let isAll = true;
  for (const name of [...names].toSorted()) {
    const index = name.replace(/\.pack$/u, ".idx");
    if (index === name || !names.has(index)) continue;
    if (watch.now() > watch.deadline) isAll = false;
    else evidence.push(...lookIntoPack(folder, { name, index }, hashBytes));
  }
  if (!isAll) return { evidence, extent: { checked: "part", reason: "budget" } };
  const isHidden = [folder, ...[...names].map((name) => inside(folder, name))].some(isDenied);
  return {
    evidence,
    extent: isHidden || isClosed(folder) ? { checked: "part", reason: "objects-not-read" } : wholly,
  };
}

type PackNames = { readonly name: string; readonly index: string };

function lookIntoPack(folder: Bytes, names: PackNames, hashBytes: number): Evidence[] {
  using index = PackIndex.open(inside(folder, names.index), hashBytes);
  const indexPath = inside(folder, names.index);
  if (index === undefined)
    return kindAt(indexPath) === "file" && !isDenied(indexPath) ? [brokenIndex(names)] : [];
  using pack = OpenFile.open(inside(folder, names.name));
  if (pack === undefined) return [];
  const head = pack.read(0, 12);
  const isPack = head.length === 12 && head.toString("latin1", 0, 4) === "PACK";
  const isSame = isPack && head.readUInt32BE(8) === index.count;
  if (isSame && pack.readEnd(hashBytes).equals(index.packChecksum)) return [];
  // The last object has at least a head and a compressed stream.
  const isShort = pack.size < index.lastOffset() + 9 + hashBytes;
  return [isShort ? truncated(names, pack.size) : changed(names)];
}

function brokenIndex({ name, index }: PackNames): Evidence {
  const path = `objects/pack/${index}`;
  return damage(2, "pack-changed", {
    path,
    detail: `"${path}" is no whole index of a pack, so Git finds nothing in the pack beside it. Remove it and make a new one: \`git index-pack objects/pack/${name}\``,
  });
}

function truncated({ name }: PackNames, size: number): Evidence {
  const path = `objects/pack/${name}`;
  return damage(2, "pack-truncated", {
    path,
    detail: `"${path}" ends after ${size} bytes, before the last of its objects: a transfer was cut off. Get the whole file from another device or from Dropbox's versions of it, or fetch the commits again`,
  });
}

function changed({ name }: PackNames): Evidence {
  const path = `objects/pack/${name}`;
  return damage(2, "pack-changed", {
    path,
    detail: `"${path}" is not the pack that its index was made for: one of the two came from another device. Get both from the same place; Dropbox's versions of the file may have it`,
  });
}

/** Larger indexes are not read through here. */
const indexBytesMax = 128 * 1024 * 1024;
const pieceBytes = 4 * 1024 * 1024;

/** The checksum at the end of an index of the work tree (gitformat-index(5)). One of zeros says that none was made (G41). */
export function lookIntoIndex(gitdir: Bytes, hashBytes: number): Examined {
  using file = OpenFile.open(inside(gitdir, "index"));
  if (file === undefined) {
    const isThere = kindAt(inside(gitdir, "index")) !== undefined;
    const extent = isThere ? ({ checked: "part", reason: "index-not-read" } as const) : wholly;
    return { evidence: [], extent };
  }
  if (file.size > indexBytesMax)
    return { evidence: [], extent: { checked: "part", reason: "index-too-large" } };
  const recorded = file.readEnd(hashBytes);
  const isIndex = file.size >= 12 + hashBytes && file.read(0, 4).toString("latin1") === "DIRC";
  const isWhole =
    isIndex && (recorded.every((byte) => byte === 0) || recorded.equals(hashOf(file, hashBytes)));
  return { evidence: isWhole ? [] : [corruptIndex()], extent: wholly };
}

function hashOf(file: OpenFile, hashBytes: number): Buffer {
  const hash = createHash(hashBytes === 32 ? "sha256" : "sha1");
  const end = file.size - hashBytes;
  for (let at = 0; at < end; at += pieceBytes) {
    hash.update(file.read(at, Math.min(pieceBytes, end - at)));
  }
  return hash.digest();
}

function corruptIndex(): Evidence {
  return damage(2, "index-corrupt", {
    path: "index",
    detail: `"index" does not match its own checksum. Commits are not touched, what was staged is lost: move the file away and run \`git reset\`, which leaves your files as they are`,
  });
}
