import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";

/** Half of the bytes are in files of this size, half in files of a quarter of it. */
const largeBytes = 1024 * 1024;
const filesInFolder = 50;

/** A way in which a folder is spoilt as a whole. */
export type Damage = { readonly name: string; readonly spoil: (top: string) => void };

/** Contents of so many MiB that nothing can compress, in folders of fifty files. */
export function fillWorkspace(top: string, mebibytes: number): void {
  const larges = Math.ceil(mebibytes / 2);
  for (let file = 0; file < larges * 5; file += 1) {
    const folder = path.join(top, `area ${file % 3}`, `part ${Math.floor(file / filesInFolder)}`);
    mkdirSync(folder, { recursive: true });
    const size = file < larges ? largeBytes : largeBytes / 4;
    writeFileSync(path.join(folder, `file ${file}.bin`), randomBytes(size));
  }
}

/** The five ways of the comparison, and what ransomware does besides: another name for everything. */
export const damages: readonly Damage[] = [
  { name: "edited: each file gets another beginning", spoil: (top) => eachFile(top, edit) },
  { name: "deleted", spoil: (top) => eachTop(top, (place) => rmSync(place, { recursive: true })) },
  {
    name: "renamed: each file",
    spoil: (top) => eachFile(top, (file) => renameSync(file, `${file}.old`)),
  },
  { name: "moved: each folder at the top", spoil: moveAll },
  { name: "encrypted in place", spoil: (top) => eachFile(top, encrypt) },
  {
    name: "encrypted, with a new suffix",
    spoil: (top) =>
      eachFile(top, (file) => {
        encrypt(file);
        renameSync(file, `${file}.locked`);
      }),
  },
];

/** What a workspace holds, as one text: names and content hashes. */
export function fingerprint(top: string): string {
  const lines: string[] = [];
  eachFile(top, (file) => {
    lines.push(`${contentHashOf(readFileSync(file))} ${path.relative(top, file)}`);
  });
  return lines.toSorted((a, b) => (a < b ? -1 : 1)).join("\n");
}

function edit(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(file, Buffer.concat([Buffer.from("edited "), bytes]));
}

function encrypt(file: string): void {
  writeFileSync(file, randomBytes(readFileSync(file).length));
}

function moveAll(top: string): void {
  const away = path.join(top, "elsewhere");
  const places: string[] = [];
  eachTop(top, (place) => places.push(place));
  mkdirSync(away);
  for (const place of places) renameSync(place, path.join(away, path.basename(place)));
}

function eachTop(top: string, act: (place: string) => void): void {
  for (const name of readdirSync(top)) if (name !== ".snap") act(path.join(top, name));
}

function eachFile(top: string, act: (file: string) => void): void {
  eachTop(top, (place) => {
    const inside = readdirSync(place, { recursive: true, withFileTypes: true });
    for (const entry of inside) if (entry.isFile()) act(path.join(entry.parentPath, entry.name));
  });
}
