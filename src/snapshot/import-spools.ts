import { EntrySorter, placedLine, textOfLine } from "../core/snapshot/entry-sorter.ts";
import { CheckedRecord } from "../core/snapshot/checked-json.ts";
import type { LeftAside } from "../core/snapshot/root.ts";
import { LineSorter } from "../std/line-sorter.ts";
import type { LineSpool, MakeSpool } from "../std/line-sorter.ts";
import { linkLine } from "./import-links.ts";
import type { HardLink } from "./import-links.ts";

/** Everything that is known of an archive once it was read, however much it is (N6). */
export class ImportSpools implements Disposable {
  /** Whether the archive is one of ours; `manifest` then has a line an entry, in path order. */
  hasManifest = false;
  readonly manifest: LineSpool;
  /** Paths that are gone since the snapshot that the archive goes on from. */
  readonly deleted: LineSpool;
  readonly entries: EntrySorter;
  /** Hard links by their targets. */
  readonly links: LineSorter;
  /** Hard links that were found to be files, by their own paths. */
  readonly linked: EntrySorter;
  /** Paths with several names, in path order. */
  readonly groups: LineSpool;
  readonly #left: LineSorter;
  #leftCount = 0;

  constructor(makeSpool: MakeSpool) {
    this.manifest = makeSpool();
    this.deleted = makeSpool();
    this.groups = makeSpool();
    this.#left = new LineSorter(makeSpool);
    this.entries = new EntrySorter(makeSpool);
    this.linked = new EntrySorter(makeSpool);
    this.links = new LineSorter(makeSpool);
  }

  addLink(target: string, link: HardLink): void {
    this.links.add(linkLine(target, link));
  }

  leave(left: LeftAside): void {
    this.#leftCount += 1;
    this.#left.add(placedLine(left.path, { number: this.#leftCount, text: JSON.stringify(left) }));
  }

  /** What is left aside, in path order. A path is told once, though its member and its line in the manifest may both be refused. */
  *left(): Generator<LeftAside> {
    let before: string | undefined;
    for (const line of this.#left.sorted()) {
      const record = CheckedRecord.parse(textOfLine(line), "What was left aside");
      const path = record.text("path");
      if (path !== before) yield { path, reason: record.text("reason") };
      before = path;
    }
  }

  [Symbol.dispose](): void {
    for (const each of [this.manifest, this.deleted, this.groups]) each[Symbol.dispose]();
    for (const each of [this.entries, this.linked, this.links, this.#left]) each[Symbol.dispose]();
  }
}
