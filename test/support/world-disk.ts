import fs from "node:fs";
import path from "node:path";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { ContentHash } from "../../src/core/tree/node.ts";
import type { Contents } from "./world-contents.ts";

/** The user at the workspace: plain file calls, as any program makes them. */
export class WorldDisk {
  readonly top: string;
  readonly #contents: Contents;

  constructor(top: string, contents: Contents) {
    this.top = top;
    this.#contents = contents;
  }

  /** Write a file in place, with the folders above it. */
  write(file: string, content: string | Uint8Array): void {
    const bytes = Buffer.from(content);
    const place = this.at(file);
    this.#contents.wrote(`local ${file}`, bytes, hashAt(place));
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, bytes);
  }

  mkdir(folder: string): void {
    fs.mkdirSync(this.at(folder), { recursive: true });
  }

  remove(file: string): void {
    for (const [, hash] of treeOf(this.at(file))) if (hash !== "") this.#contents.gaveUp(hash);
    fs.rmSync(this.at(file), { recursive: true });
  }

  move(from: string, to: string): void {
    fs.renameSync(this.at(from), this.at(to));
  }

  read(file: string): string {
    return fs.readFileSync(this.at(file), "utf8");
  }

  /** A path of the workspace, absolute. */
  at(file: string): string {
    return path.join(this.top, file);
  }

  inode(file: string): bigint {
    return fs.lstatSync(this.at(file), { bigint: true }).ino;
  }

  /** Files and folders with content hashes, "" for folders; what is neither is left out, and `.snap` too. */
  tree(): Map<string, ContentHash> {
    return new Map(treeOf(this.top).filter(([name]) => !isOwn(name)));
  }

  /** Below `.snap/`, likewise. */
  own(folder: "staging" | "trash" | "undo"): Map<string, ContentHash> {
    return new Map(treeOf(path.join(this.top, ".snap", folder)));
  }

  /** Everything that a sync which has nothing to do may not touch: names, inodes, times. */
  picture(): string {
    const lines = [...this.tree().keys()].map((name) => {
      const { ino, mtimeNs, ctimeNs } = fs.lstatSync(this.at(name), { bigint: true });
      return `${name} ${ino} ${mtimeNs} ${ctimeNs}`;
    });
    return lines.join("\n");
  }
}

function isOwn(name: string): boolean {
  return name === ".snap" || name.startsWith(".snap/");
}

function hashAt(place: string): ContentHash | undefined {
  const isFile = fs.lstatSync(place, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? contentHashOf(fs.readFileSync(place)) : undefined;
}

function treeOf(top: string): [string, ContentHash][] {
  const found: [string, ContentHash][] = [];
  const stat = fs.lstatSync(top, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return [["", hashAt(top) ?? ""]];
  if (stat?.isDirectory() !== true) return found;
  const visit = (folder: string): void => {
    for (const entry of fs.readdirSync(path.join(top, folder), { withFileTypes: true })) {
      const name = path.posix.join(folder, entry.name);
      if (entry.isFile()) found.push([name, hashAt(path.join(top, name)) ?? ""]);
      if (!entry.isDirectory()) continue;
      found.push([name, ""]);
      visit(name);
    }
  };
  visit("");
  return found;
}
