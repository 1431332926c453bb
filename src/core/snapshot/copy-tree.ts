import { isPrivilegedAttribute, sortedAttributes, type Attributes } from "./attributes.ts";
import { damagedError } from "./checked-json.ts";
import type { CopyOutRequest, LeftOut } from "./copy-out.ts";
import { nameOnDisk, pathOnDisk, type DiskPath } from "./disk-path.ts";
import type { SnapshotEntry } from "./entry.ts";
import { leavesWorkspace } from "./restore-manifest.ts";
import { parseRelPath } from "../path/rel-path.ts";
import { pathKeyOf } from "../path/path-key.ts";
import type { Owner } from "../tree/owner.ts";

/** Mode bits, mtime (ns, decimal) and extended attributes that something gets; absent where the snapshot does not say. */
export type CopyMetadata = {
  readonly owner?: Owner | undefined;
  readonly mode?: number | undefined;
  readonly modifiedNs?: string | undefined;
  readonly attributes?: Attributes | undefined;
};

/** A folder that is to be made, and given mode and time when nothing more comes into it. */
export type CopyFolder = CopyMetadata & { readonly path: string; readonly disk: DiskPath };

/** A file or link that is to be made. */
export type CopyLeaf = CopyMetadata & { readonly path: string; readonly disk: DiskPath } & (
    | { readonly kind: "file"; readonly entry: SnapshotEntry }
    | { readonly kind: "symlink"; readonly target: DiskPath }
  );

/** What one entry of a manifest means for a copy, in the order of the members. */
export type CopyStep = {
  /** Folders that nothing more comes into, innermost first. */
  readonly closed: readonly CopyFolder[];
  /** Folders to be made, outermost first. */
  readonly opened: readonly CopyFolder[];
  readonly leaf?: CopyLeaf;
  readonly left?: LeftOut;
  readonly isIgnored?: boolean;
};

type Rules = Pick<CopyOutRequest, "root" | "selects" | "specialModes" | "ignored" | "owners">;

type Open = CopyFolder & { isMade: boolean };

const nothing: CopyStep = { closed: [], opened: [] };

const specialBits = 0o7777;
const ordinaryBits = 0o777;

/**
 * Turns the entries of a snapshot, in path order, into what is to be made of them. Pure. A manifest may lie: a path is made of
 * the folders that were opened before, and nothing ever lies below what is no folder (X12).
 */
export class CopyTree {
  readonly #rules: Rules;
  readonly #bits: number;
  readonly #setsOwners: boolean;
  /** The folders around the present path, outermost first. */
  readonly #open: Open[] = [];
  /** The last path that is no folder, and the last folder that is left out. */
  #leaf: string | undefined;
  #dropped: string | undefined;

  constructor(rules: Rules) {
    this.#rules = rules;
    // An archive may call other users by these numbers.
    this.#setsOwners = rules.owners === true && rules.root.reason !== "import";
    this.#bits = rules.specialModes === true ? specialBits : ordinaryBits;
  }

  /** @throws {SnapError} `damaged` for what is no tree */
  add(entry: SnapshotEntry): CopyStep {
    const { path } = entry;
    if (this.#leaf !== undefined && isBelow(path, this.#leaf))
      throw damagedError(`The snapshot is not a tree: "${path}" lies below a file or link`);
    if (this.#dropped !== undefined && isBelow(path, this.#dropped)) return nothing;
    const closed = this.#leave(path);
    const step = this.#enter(entry);
    return closed.length === 0 ? step : { ...step, closed };
  }

  /** The folders that are still open, innermost first. */
  end(): readonly CopyFolder[] {
    return this.#leave("");
  }

  /** A folder could not be made: what is in it is passed over. */
  drop({ path }: CopyFolder): void {
    this.#dropped = path;
    while (this.#open.some((folder) => folder.path === path)) this.#open.pop();
  }

  #leave(path: string): readonly CopyFolder[] {
    const closed: CopyFolder[] = [];
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      if (isBelow(path, last.path)) break;
      this.#open.pop();
      if (last.isMade) closed.push(last);
    }
    return closed;
  }

  #enter(entry: SnapshotEntry): CopyStep {
    const { path, flags, type } = entry;
    if (type !== "folder") this.#leaf = path;
    if (flags.includes("ignored") && this.#rules.ignored !== true) {
      this.#dropped = path;
      return { ...nothing, isIgnored: true };
    }
    const isWanted = this.#rules.selects?.(path) !== false;
    if (isOwnName(path)) {
      this.#dropped = path;
      return isWanted ? leftOut(entry, "it has a name of the program's own") : nothing;
    }
    this.#imply(path);
    const disk = this.#place(entry);
    if (type === "folder") {
      this.#open.push({ path, disk, ...this.#metadataOf(entry), isMade: false });
      return isWanted ? { ...this.#make(), ...unreadableFolder(entry) } : nothing;
    }
    if (!isWanted) return nothing;
    const leaf = this.#leafOf(entry, disk);
    return typeof leaf === "string" ? leftOut(entry, leaf) : { ...this.#make(), leaf };
  }

  /** Folders without a line of their own: a snapshot of some paths does not name those above them. */
  #imply(path: string): void {
    const end = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(0, end));
    let known = this.#open.at(-1)?.path ?? "";
    while (known !== parent) {
      const next = parent.indexOf("/", known === "" ? 0 : known.length + 1);
      const name = next < 0 ? parent : parent.slice(0, next);
      const disk = nameOnDisk(this.#open.at(-1)?.disk, name.slice(name.lastIndexOf("/") + 1));
      this.#open.push({ path: name, disk, isMade: false });
      known = name;
    }
  }

  #place(entry: SnapshotEntry): DiskPath {
    const disk = pathOnDisk(this.#open.at(-1)?.disk, entry);
    if (disk !== undefined) return disk;
    throw damagedError(`The snapshot is not a tree: "${entry.path}" does not lie in its folder`);
  }

  /** What is open becomes what has to be made. */
  #make(): CopyStep {
    const opened = this.#open.filter(({ isMade }) => !isMade);
    for (const folder of opened) folder.isMade = true;
    return opened.length === 0 ? nothing : { closed: [], opened };
  }

  /** Or the reason why there is none. */
  #leafOf(entry: SnapshotEntry, disk: DiskPath): CopyLeaf | string {
    const { path, type, flags, blocks } = entry;
    const own = { path, disk, ...this.#metadataOf(entry) };
    if (flags.includes("unreadable")) return "it could not be read when the snapshot was taken";
    if (type === "other") return "it is neither file, folder nor link";
    if (type === "symlink") return this.#linkOf(entry, own);
    if (blocks === undefined) return "its content is only in Dropbox";
    return { ...own, kind: "file", entry };
  }

  /** Links are made, never followed; what an archive says must not lead out (X12). */
  #linkOf({ path, linkTarget = "", linkBytes }: SnapshotEntry, own: CopyFolder): CopyLeaf | string {
    const bytes = linkBytes === undefined ? undefined : Buffer.from(linkBytes, "base64");
    const target = bytes ?? linkTarget;
    const text = bytes?.toString("latin1") ?? linkTarget;
    if (text === "" || text.includes("\0")) return "it is a link without a target";
    const isForeign = this.#rules.root.reason === "import";
    if (isForeign && leavesWorkspace(parseRelPath(path), text))
      return "it is a link of an archive that leads out of it";
    return { ...own, kind: "symlink", target };
  }

  /** What gives rights like setuid is set where setuid is (X9). */
  #settable(attributes: Attributes): Attributes | undefined {
    if (this.#rules.specialModes === true) return attributes;
    return sortedAttributes(
      Object.entries(attributes).filter(([name]) => !isPrivilegedAttribute(name)),
    );
  }

  #metadataOf({ mode, modifiedNs, owner, attributes }: SnapshotEntry): CopyMetadata {
    return {
      owner: this.#setsOwners ? owner : undefined,
      mode: mode === undefined ? undefined : Number.parseInt(mode, 8) & this.#bits,
      modifiedNs,
      ...(attributes === undefined ? {} : { attributes: this.#settable(attributes) }),
    };
  }
}

function isBelow(path: string, folder: string): boolean {
  return path.length > folder.length && path[folder.length] === "/" && path.startsWith(folder);
}

/** X6: by the last name; those above were asked before, with their own lines or here. */
function isOwnName(path: string): boolean {
  if (!path.includes(".")) return false;
  return path.split("/").some((name) => {
    if (!name.startsWith(".")) return false;
    const key = pathKeyOf(name);
    return key === ".snap" || key.startsWith(".snap-tmp-");
  });
}

function unreadableFolder({ path, flags }: SnapshotEntry): { left?: LeftOut } {
  if (!flags.includes("unreadable")) return {};
  return { left: { path, reason: "what is in it could not be read when the snapshot was taken" } };
}

function leftOut({ path }: SnapshotEntry, reason: string): CopyStep {
  return { ...nothing, left: { path, reason } };
}
