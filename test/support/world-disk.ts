import path from "node:path";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { ContentHash } from "../../src/core/tree/node.ts";
import { nodeFiles, walk, type UserFiles } from "./user-files.ts";
import type { Contents } from "./world-contents.ts";

/** The user at the workspace: plain file calls, as any program makes them. */
export class WorldDisk {
  readonly top: string;
  readonly #contents: Contents;
  readonly #files: UserFiles;

  constructor(top: string, contents: Contents, files: UserFiles = nodeFiles) {
    this.top = top;
    this.#contents = contents;
    this.#files = files;
  }

  /** Write a file in place, with the folders above it. */
  write(file: string, content: string | Uint8Array): void {
    const bytes = Buffer.from(content);
    const place = this.at(file);
    this.#contents.wrote(`local ${file}`, bytes, this.#hashAt(place));
    this.#files.mkdir(path.dirname(place));
    this.#files.write(place, bytes);
  }

  mkdir(folder: string): void {
    this.#contents.acted();
    this.#files.mkdir(this.at(folder));
  }

  remove(file: string): void {
    this.#contents.acted();
    for (const [, hash] of this.#treeOf(this.at(file))) {
      if (hash !== "") this.#contents.gaveUp(hash);
    }
    this.#files.remove(this.at(file));
  }

  move(from: string, to: string): void {
    this.#contents.acted();
    this.#files.rename(this.at(from), this.at(to));
  }

  read(file: string): string {
    return this.#files.read(this.at(file)).toString("utf8");
  }

  /** A file of ours below `.snap/`. */
  readOwn(file: string): string {
    return this.read(`.snap/${file}`);
  }

  /** A path of the workspace, absolute. */
  at(file: string): string {
    return path.join(this.top, file);
  }

  inode(file: string): bigint {
    return this.#files.stat(this.at(file))?.inode ?? -1n;
  }

  /** Files and folders with content hashes, "" for folders; what is neither is left out, and `.snap` too. */
  tree(): Map<string, ContentHash> {
    return new Map(this.#treeOf(this.top).filter(([name]) => !isOwn(name)));
  }

  /** Below `.snap/`, likewise. */
  own(folder: "staging" | "trash" | "undo"): Map<string, ContentHash> {
    return new Map(this.#treeOf(path.join(this.top, ".snap", folder)));
  }

  /** Everything that a sync which has nothing to do may not touch: names, inodes, times. */
  picture(): string {
    const lines = [...walk(this.#files, this.top)]
      .filter(([name]) => !isOwn(name))
      .map(([name, { inode, mtimeNs, ctimeNs }]) => `${name} ${inode} ${mtimeNs} ${ctimeNs}`);
    return lines.join("\n");
  }

  #hashAt(place: string): ContentHash | undefined {
    const isFile = this.#files.stat(place)?.kind === "file";
    return isFile ? contentHashOf(this.#files.read(place)) : undefined;
  }

  #treeOf(top: string): [string, ContentHash][] {
    const kind = this.#files.stat(top)?.kind;
    if (kind === "file") return [["", this.#hashAt(top) ?? ""]];
    if (kind !== "folder") return [];
    return [...walk(this.#files, top)].map(([name, stat]) => [
      name,
      stat.kind === "file" ? (this.#hashAt(path.join(top, name)) ?? "") : "",
    ]);
  }
}

function isOwn(name: string): boolean {
  return name === ".snap" || name.startsWith(".snap/");
}
