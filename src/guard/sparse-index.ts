import { createHash } from "node:crypto";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GitLayout } from "./git-layout.ts";
import { indexEntries, type IndexEntry } from "./index-file.ts";
import { inside, readWhole } from "./read-only.ts";
import { earlierSeconds, indexBytesMax } from "./shadow-files.ts";
import type { Shadow } from "./shadow-git.ts";

const listBytesMax = 64 * 1024 * 1024;
const folderMode = 0o040000;

/**
 * Give a shadow the index of a sparse checkout with every file in it, where the other repository's names some folders as a
 * whole. Git would do that by itself, but it would write trees meanwhile (G3); here they are only listed.
 *
 * @returns false where that cannot be done; then the shadow has no index
 */
export async function fillIndex(
  shadow: Shadow,
  { places, storage }: GitLayout,
  deadline: number,
): Promise<boolean> {
  const file = readWhole(inside(places.gitdir, "index"), indexBytesMax);
  if (file === undefined) return false;
  const hashBytes = storage.objects === "sha256" ? 32 : 20;
  const parts: Buffer[] = [];
  const reading = indexEntries(file.bytes, { hashBytes });
  let step = reading.next();
  for (; step.done !== true; step = reading.next()) {
    const entries = await filesOf(step.value, shadow, deadline);
    if (entries === undefined) return false;
    for (const entry of entries) parts.push(encode(entry, hashBytes));
  }
  if (step.value === undefined) return false;
  const path = join(shadow.gitdir, "index");
  writeFileSync(path, wholeIndex(parts, hashBytes));
  const earlier = earlierSeconds(file.modifiedMs);
  utimesSync(path, earlier, earlier);
  return true;
}

type Written = Pick<IndexEntry, "path" | "mode" | "oid" | "stage" | "statBytes"> & {
  readonly flags: readonly [normal: number, extended: number];
};

/** A file is itself; a folder is every file in it, each left out of the work tree. */
async function filesOf(
  entry: IndexEntry,
  shadow: Shadow,
  deadline: number,
): Promise<readonly Written[] | undefined> {
  const { assumeValid, skipWorktree, intentToAdd } = entry;
  if (entry.mode !== folderMode) {
    const extended = (skipWorktree ? 0x4000 : 0) | (intentToAdd ? 0x2000 : 0);
    return [{ ...entry, flags: [assumeValid ? 0x8000 : 0, extended] }];
  }
  const words = ["ls-tree", "-r", "-z", "--full-tree", entry.oid];
  const listed = await shadow.run(words, { bytesMax: listBytesMax, deadline });
  if (listed.code !== 0) return undefined;
  // latin1 keeps every byte of a name as it is.
  return listed.stdout
    .toString("latin1")
    .split("\0")
    .flatMap((row) => {
      const [, mode = "", oid = "", path = ""] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/su.exec(row) ?? [];
      if (path === "") return [];
      return [
        {
          path: Buffer.concat([entry.path, Buffer.from(path, "latin1")]),
          mode: Number.parseInt(mode, 8),
          oid,
          stage: 0,
          statBytes: Buffer.alloc(40),
          flags: [0, 0x4000] as const,
        },
      ];
    });
}

/** gitformat-index(5), version 3: the length is a multiple of eight, with one zero at the end or more. */
function encode({ path, mode, oid, stage, statBytes, flags }: Written, hashBytes: number): Buffer {
  const [normal, extended] = flags;
  const nameAt = 40 + hashBytes + (extended === 0 ? 2 : 4);
  const bytes = Buffer.alloc((Math.floor((nameAt + path.length) / 8) + 1) * 8);
  statBytes.copy(bytes);
  bytes.writeUInt32BE(mode, 24);
  bytes.write(oid, 40, "hex");
  const isExtended = extended === 0 ? 0 : 0x4000;
  const length = Math.min(path.length, 0xfff);
  bytes.writeUInt16BE(normal | isExtended | (stage << 12) | length, 40 + hashBytes);
  if (extended !== 0) bytes.writeUInt16BE(extended, 42 + hashBytes);
  path.copy(bytes, nameAt);
  return bytes;
}

function wholeIndex(entries: readonly Buffer[], hashBytes: 20 | 32): Buffer {
  const header = Buffer.from("DIRC\0\0\0\u0003\0\0\0\0", "latin1");
  header.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([header, ...entries]);
  const hash = createHash(hashBytes === 32 ? "sha256" : "sha1")
    .update(body)
    .digest();
  return Buffer.concat([body, hash]);
}
