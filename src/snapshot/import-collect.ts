import { blockBytes, type BlockHash } from "../core/tree/content-hash.ts";
import { CheckedRecord } from "../core/snapshot/checked-json.ts";
import { entryTrouble } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PreparedBlock } from "../core/snapshot/prepared-block.ts";
import { archiveNames } from "../core/snapshot/export-request.ts";
import { importName } from "../core/snapshot/import-name.ts";
import { leavesWorkspace } from "../core/snapshot/restore-manifest.ts";
import { decodeUnits, type UnitFacts } from "../core/snapshot/unit.ts";
import {
  comparePaths,
  isInside,
  isRelPath,
  pathBytesMax,
  type RelPath,
} from "../core/path/rel-path.ts";
import { SnapError } from "../std/error.ts";
import { inBlocks } from "./in-blocks.ts";
import type { ImportSpools } from "./import-spools.ts";
import type { ReadMember } from "./tar-read.ts";

/** X13: the longest document and line of ours in an archive. */
const documentBytesMax = 16 * 1024 * 1024;
const lineBytesMax = 64 * 1024 * 1024;

/** X13: the most entries that are taken. */
const entriesMax = 10_000_000;

/** What an archive that `snap export` wrote says of itself. */
export type About = {
  readonly since?: string;
  readonly paths?: readonly string[];
  readonly side: "local" | "remote";
  /** Extended attributes were asked for. */
  readonly attributes?: true;
  /** Its repositories; absent where none were looked for. */
  readonly git?: readonly UnitFacts[];
};

/** X13: the most paths that an archive may be limited to. */
const pathsMax = 10_000;

/** Takes the members of an archive one by one: contents go to the store, entries to the spools, what is refused is noted (X12). */
export class ImportCollector {
  about: About | undefined;
  readonly #spools: ImportSpools;
  #count = 0;

  constructor(spools: ImportSpools) {
    this.#spools = spools;
  }

  /**
   * The blocks of a member; its entry is whole when each has its hash.
   *
   * @throws {SnapError} `too-large` (X13); `damaged` for documents of ours that are none; what reading throws
   */
  async *take(member: ReadMember): AsyncGenerator<PreparedBlock> {
    this.#count += 1;
    if (this.#count > entriesMax) throw tooMany();
    if (await this.#takeOwn(member)) return;
    const { path, refused } = importName(member.name);
    const shown = member.name.toString().replace(/(?<=[^/])\/+$/u, "");
    if (refused !== undefined) this.#refuse(shown, refused);
    else if (path !== "") yield* this.#takeAt(path, member);
  }

  #refuse(path: string, reason: string): void {
    this.#spools.leave({ path, reason: `Refused: ${reason}` });
  }

  /** The manifest counts only as the first member: an archive that holds one elsewhere is not of our making. */
  async #takeOwn(member: ReadMember): Promise<boolean> {
    const name = member.name.toString();
    if (this.#count === 1 && name === archiveNames.manifest) {
      this.#spools.hasManifest = true;
      for await (const line of linesOf(member)) this.#spools.manifest.add(line);
      return true;
    }
    if (!this.#spools.hasManifest) return false;
    if (name === archiveNames.about) this.about ??= readAbout(await documentOf(member));
    else if (name === archiveNames.deleted)
      for await (const line of linesOf(member)) this.#spools.deleted.add(line);
    else return false;
    return true;
  }

  async *#takeAt(path: string, member: ReadMember): AsyncGenerator<PreparedBlock> {
    const trouble = this.#troubleOf(path, member);
    if (trouble !== undefined) {
      this.#refuse(path, trouble);
      return;
    }
    if (member.type === "link") {
      this.#takeLink(path, member);
      return;
    }
    const entry = plainEntry(path, member);
    if (entry.type === "file") yield* this.#blocksOf(entry, member);
    else this.#spools.entries.add(entry, this.#count);
  }

  #troubleOf(path: string, member: ReadMember): string | undefined {
    const { type, size, target } = member;
    if (type === "odd") return "it is stored sparse, or in a way of another program";
    if (type === "symlink" && !Buffer.from(target.toString()).equals(target))
      return "its target is not valid UTF-8";
    // With blocks that are not known yet.
    const probe = { ...plainEntry(path, member), ...(type === "file" ? { size } : {}) };
    const trouble = entryTrouble(probe);
    if (trouble !== undefined) return trouble;
    if (type !== "symlink" || !isRelPath(path)) return undefined;
    return leavesWorkspace(path, target.toString())
      ? "the link leads out of the archive"
      : undefined;
  }

  #takeLink(path: string, member: ReadMember): void {
    const target = importName(member.target);
    if (target.path === undefined || target.path === "") {
      this.#refuse(path, "it is a link to something that is not in the archive");
      return;
    }
    const { modifiedNs, mode } = member;
    this.#spools.addLink(target.path, { path, modifiedNs, mode, number: this.#count });
  }

  /** Some blocks may be asked for ahead of the one that is kept. */
  async *#blocksOf(entry: SnapshotEntry, member: ReadMember): AsyncGenerator<PreparedBlock> {
    const { size } = member;
    const { path } = entry;
    const number = this.#count;
    const blocks: BlockHash[] = [];
    const addIfWhole = (): void => {
      const isWhole = blocks.length === Math.ceil(size / blockBytes);
      if (isWhole) this.#spools.entries.add({ ...entry, size, blocks }, number);
    };
    if (size === 0) addIfWhole();
    const keep = (hash: BlockHash): void => {
      blocks.push(hash);
      addIfWhole();
    };
    for await (const bytes of inBlocks(member.content())) yield { path, bytes, keep };
  }
}

function plainEntry(path: string, member: ReadMember): SnapshotEntry {
  const { type, modifiedNs, mode, target } = member;
  const shared = { path, flags: [], ...(modifiedNs === undefined ? {} : { modifiedNs }) };
  const moded = mode === undefined ? {} : { mode: importMode(mode) };
  switch (type) {
    case "file":
      return { ...shared, ...moded, type: "file" };
    case "folder":
      return { ...shared, ...moded, type: "folder" };
    case "symlink":
      return { ...shared, type: "symlink", linkTarget: target.toString() };
    case "link":
    case "other":
    case "odd":
      return { ...shared, type: "other" };
  }
}

/** Special bits never come from an archive (X9). */
export function importMode(mode: number): string {
  return (mode & 0o777).toString(8);
}

async function* linesOf(member: ReadMember): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const piece of member.content()) {
    let rest = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield Buffer.concat([...parts, rest.subarray(0, end)]).toString();
      [parts, length] = [[], 0];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) parts.push(rest);
    length += rest.length;
    if (length > lineBytesMax) throw notOurs();
  }
  if (length > 0) throw notOurs();
}

async function documentOf(member: ReadMember): Promise<string> {
  if (member.size > documentBytesMax) throw notOurs();
  return Buffer.concat(await Array.fromAsync(member.content())).toString();
}

function readAbout(text: string): About {
  const record = CheckedRecord.parse(text, archiveNames.about);
  if (record.count("format") !== 1) {
    throw new SnapError("version-too-new", "The archive was written by a later version of snap");
  }
  const snapshot = record.record("snapshot");
  const since = record.has("since") ? { since: record.hash("since") } : {};
  const paths = inBoth(pathsOf(record), pathsOf(snapshot));
  const side = snapshot.choice("side", ["local", "remote"]);
  const git = snapshot.has("git") ? { git: decodeUnits(snapshot) } : {};
  const had: Pick<About, "attributes"> =
    snapshot.optionalFlag("attributes") === true ? { attributes: true } : {};
  return { ...since, ...(paths === undefined ? {} : { paths }), side, ...had, ...git };
}

function pathsOf(record: CheckedRecord): readonly RelPath[] | undefined {
  if (!record.has("paths")) return undefined;
  const paths = record.texts("paths");
  if (paths.length > pathsMax || !paths.every(isBelowTop)) throw notOurs();
  return paths;
}

/** What an archive was limited to, and its snapshot before: of anything else it says nothing (N33). */
function inBoth(
  one: readonly RelPath[] | undefined,
  other: readonly RelPath[] | undefined,
): readonly RelPath[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const within = (paths: readonly RelPath[], tops: readonly RelPath[]): readonly RelPath[] =>
    paths.filter((path) => tops.some((top) => isInside(path, top)));
  return [...new Set([...within(one, other), ...within(other, one)])].toSorted(comparePaths);
}

function isBelowTop(path: string): path is RelPath {
  return path !== "" && isRelPath(path) && path.length <= pathBytesMax;
}

function notOurs(): SnapError {
  return new SnapError("damaged", "The manifest in the archive cannot be read", {
    hint: "`tar --delete` takes .snap/manifest.jsonl out of a .tar: it is then imported like any other.",
  });
}

function tooMany(): SnapError {
  return new SnapError("too-large", `The archive has more than ${entriesMax} entries`, {
    hint: "Import it in parts.",
  });
}
