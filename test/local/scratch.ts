import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { lstatSync, readlinkSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseRelPath, type RelPath } from "../../src/core/path/rel-path.ts";
import type { Area, AreaPath, LocalExpectation } from "../../src/core/plan/local-act.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { Disk } from "../../src/local/disk.ts";
import type { LocalSide } from "../../src/ports.ts";
import { quickDisk } from "./stopping-disk.ts";
import { systemClock, type Clock } from "../../src/std/time.ts";
import { seededRng } from "../../src/std/random.ts";

export const copy = { device: "desk", date: "2026-11-21" };
export const staging: Area = { kind: "staging", id: "op1" };
export const trash: Area = { kind: "trash", id: "op1" };

export function rel(path: string): RelPath {
  return parseRelPath(path);
}

/** A clock that never waits. */
export const quickClock: Clock = { now: () => systemClock.now(), sleep: () => Promise.resolve() };

/** A workspace in a folder of its own that is removed afterwards. */
export class Scratch implements Disposable {
  readonly root: string = mkdtempSync(join(tmpdir(), "snap-local-"));
  readonly top: string = join(this.root, "top");

  constructor(files: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.top);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  side(disk: Disk = quickDisk, clock: Clock = quickClock): LocalSide {
    return openLocalSide({ top: this.top, clock, rng: seededRng(1), disk });
  }

  at(path: string): string {
    return join(this.top, path);
  }

  /** A path that ends in "/" is a folder, a text that begins with "->" a link. */
  write(path: string, text: string): void {
    if (path.endsWith("/")) {
      mkdirSync(this.at(path), { recursive: true });
      return;
    }
    mkdirSync(dirname(this.at(path)), { recursive: true });
    if (text.startsWith("->")) symlinkSync(text.slice(2), this.at(path));
    else writeFileSync(this.at(path), text);
  }

  read(path: string): string {
    return readFileSync(this.at(path), "utf8");
  }

  /** Everything of the user's: path → content, "/" for an empty folder. */
  user(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(treeOf(this.top)).filter(([path]) => !/^\.snap(\/|$)/u.test(path)),
    );
  }

  /** What lies in an area, below its id. */
  area(area: Area): Record<string, string> {
    const tree = treeOf(this.at(`.snap/${area.kind}/${area.id}`));
    return Object.fromEntries(
      Object.entries(tree).filter(([path]) => !path.includes(".snap-tmp-witness")),
    );
  }

  /** Every file anywhere below the top: path → content. */
  files(): Record<string, string> {
    return Object.fromEntries(Object.entries(treeOf(this.top)).filter(([, text]) => text !== "/"));
  }

  /** Texts of all files anywhere below the top. */
  texts(): Set<string> {
    return new Set(Object.values(treeOf(this.top)));
  }

  async stage(path: string, text: string, area: Area = staging): Promise<AreaPath> {
    const bytes = Buffer.from(text);
    const to = { area, path: rel(path) };
    const expect = { hash: contentHashOf(bytes), size: bytes.length };
    await this.side().stage({ to, content: { bytes: [bytes], expect } });
    return to;
  }

  async expectation(path: string): Promise<LocalExpectation> {
    const stat = await this.side().stat(rel(path));
    if (stat === undefined) throw new Error(`nothing at ${path}`);
    const { fileId, size, modifiedNs } = stat;
    if (stat.kind === "folder") return { kind: "folder", fileId };
    if (stat.kind === "symlink")
      return { kind: "symlink", fileId, linkTarget: stat.linkTarget ?? "" };
    const hash = contentHashOf(readFileSync(this.at(path)));
    return { kind: "file", fileId, size, modifiedNs, hash };
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function treeOf(top: string, below = ""): Record<string, string> {
  const tree: Record<string, string> = {};
  const folder = join(top, below);
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return tree;
  const names = readdirSync(folder);
  if (names.length === 0 && below !== "") tree[below] = "/";
  for (const name of names) {
    const path = below === "" ? name : `${below}/${name}`;
    const stat = lstatSync(join(top, path));
    if (stat.isDirectory()) Object.assign(tree, treeOf(top, path));
    else if (stat.isSymbolicLink()) tree[path] = `->${readlinkSync(join(top, path))}`;
    else tree[path] = readFileSync(join(top, path), "utf8");
  }
  return tree;
}
