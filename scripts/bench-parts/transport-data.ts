import { hash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { seededRng } from "../../src/std/random.ts";

/** Files of one folder, and folders of one folder above it. */
const filesInFolder = 100;
const foldersInFolder = 10;

/** So many files of 1 to 16 KiB below a folder, a hundred in each folder, ten of these in one. */
export function fillSmall(top: string, files: number): void {
  const rng = seededRng(9);
  const pool = rng.bytes(1024 * 1024);
  for (let file = 0; file < files; file += 1) {
    const folder = Math.floor(file / filesInFolder);
    const place = path.join(top, `${Math.floor(folder / foldersInFolder)}`, `${folder}`);
    if (file % filesInFolder === 0) mkdirSync(place, { recursive: true });
    const size = 1024 + ((file * 7_919) % 15_361);
    const from = (file * 104_729) % (pool.length - size);
    const bytes = Buffer.from(pool.subarray(from, from + size));
    bytes.writeUInt32LE(file);
    writeFileSync(path.join(place, `file-${file}.bin`), bytes);
  }
}

/** Four files that do not compress, and differ. */
export function fillLarge(top: string, mebibytes: number): void {
  for (let file = 0; file < 4; file += 1) {
    const bytes = Buffer.alloc(mebibytes * 1024 * 1024, seededRng(file).bytes(1024 * 1024));
    for (let at = 0; at < bytes.length; at += 65_536) bytes.writeUInt32LE(at / 65_536, at);
    writeFileSync(path.join(top, `large-${file}.bin`), bytes);
  }
}

/** @throws where two folders do not hold the same. */
export function sameTree(one: string, other: string): void {
  if (fingerprint(one) !== fingerprint(other)) throw new Error(`${other} is not ${one}`);
}

function fingerprint(top: string): string {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !path.relative(top, file).startsWith(".snap"))
    .map((file) => `${path.relative(top, file)} ${hash("sha256", readFileSync(file))}`)
    .toSorted()
    .join("\n");
}
