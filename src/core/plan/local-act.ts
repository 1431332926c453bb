import type { RelPath } from "../path/rel-path.ts";
import type { LocalStat } from "../tree/local-stat.ts";
import type { Owner } from "../tree/owner.ts";
import type { ContentHash, FileId, Stamp } from "../tree/node.ts";

/**
 * Acts on the disk as plain data, so that an act under way can be written down before it starts and settled after
 * a crash (S64-S72, S74). Every act displaces instead of overwriting, and verifies what it displaced.
 */
export type LocalAct = PlaceAct | MoveAct | DisplaceAct;

/** A folder of ours below `.snap/`: what is being written, was displaced by the sync, or by a restore. */
export type Area = {
  readonly kind: "staging" | "trash" | "undo";
  /** One path component: an op id or a restore id. */
  readonly id: string;
};

/** Something inside an area. */
export type AreaPath = { readonly area: Area; readonly path: RelPath };

/** Content to be written below `.snap/`; `expect` is checked while writing. */
export type StageRequest = {
  readonly to: AreaPath;
  readonly content:
    | {
        readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
        readonly expect: StageExpectation;
        /** A file that is staged with this content, mode and time: this becomes one more name of it, where the disk can. */
        readonly sameAs?: AreaPath | undefined;
      }
    | {
        /** The rest of a file of which some may be here from an earlier time. What has come stays on an error, unless it is wrong. */
        readonly bytesFrom: (offset: number) => AsyncIterable<Uint8Array>;
        readonly expect: StageExpectation;
      }
    | { readonly linkTarget: string }
    | { readonly folder: true };
  /** mtime in ns, decimal; the time of writing if absent. */
  readonly modifiedNs?: string;
  /** Permission bits; by the umask if absent. Special bits come through only where `special` says so (X9). */
  readonly mode?: number;
  readonly special?: true;
  /** As far as the system lets it be set; the stat tells whether it was. */
  readonly owner?: Owner;
};

/** What staged bytes must turn out to be. */
export type StageExpectation = { readonly hash: ContentHash; readonly size: number };

/** What the planner believes to stand at a place; compared by file id, size and mtime first, then by hash. */
export type LocalExpectation =
  | { readonly kind: "folder"; readonly fileId: FileId }
  | {
      readonly kind: "file";
      readonly fileId: FileId;
      readonly size: number;
      readonly modifiedNs: string;
      /** undefined where it was never hashed: then only the stat can prove equality. */
      readonly hash: ContentHash | undefined;
      /**
       * The whole stamp of the last look. Until the act itself touches the file, another one means that it is read again
       * (S18). Afterwards it says nothing: renames and links change the ctime.
       */
      readonly stamp?: Stamp;
      /**
       * The hash was taken within one step of the disk's clock after the last change (S24): no stat proves that it still holds,
       * so the file is read, where it stands and again where it was brought.
       */
      readonly isUnproven?: true;
    }
  | { readonly kind: "symlink"; readonly fileId: FileId; readonly linkTarget: string };

/** How a raced edit is named when it is put back beside its place (S87). */
export type CopyTag = { readonly device: string; /** `YYYY-MM-DD` */ readonly date: string };

/** Bring what is staged (a file, a symlink, or a whole folder) to its place: displace, then link (S64). */
export type PlaceAct = {
  readonly act: "place";
  readonly source: AreaPath;
  readonly path: RelPath;
  /** What is displaced; undefined: the place is believed free, and anything found there cancels the act. */
  readonly before: LocalExpectation | undefined;
  /** Where the displaced content goes, under its own path. */
  readonly displaceTo: Area;
  readonly copy: CopyTag;
};

/** Move inside the workspace without ever overwriting (S68, S72). */
export type MoveAct = {
  readonly act: "move";
  readonly from: RelPath;
  readonly to: RelPath;
  readonly before: LocalExpectation;
  /** Where the old name of a file is unlinked after verification. */
  readonly displaceTo: Area;
  readonly copy: CopyTag;
};

/** Take a file, symlink or folder away into an area (S69, S70). */
export type DisplaceAct = {
  readonly act: "displace";
  readonly path: RelPath;
  readonly before: LocalExpectation;
  /**
   * For a folder: everything below it that may go, by path below the folder. Anything else found there stays: then only
   * the known entries go, and the folder remains as a leftover.
   */
  readonly known: readonly (readonly [RelPath, LocalExpectation])[];
  readonly displaceTo: Area;
  readonly copy: CopyTag;
};

/** What is known of a file that was brought to its place. */
export type PlacedFile = Pick<LocalStat, "name" | "size" | "fileId" | "stamp"> & {
  readonly kind: "file";
};

/** How an act ended. */
export type ActOutcome = {
  /** `cancelled`: the disk was not as believed; everything is as the user left it, nothing of ours remains. */
  readonly state: "done" | "cancelled";
  /** What stands at the place now; undefined where nothing does. */
  readonly stat: LocalStat | undefined;
  /** Edits that raced with the act, put back under these paths: they are new files to the next observation. */
  readonly putBack: readonly RelPath[];
  /**
   * What was brought, where it does not stand at its place any more: its user moved it on, or replaced it, in that very moment.
   * A file of no stamp that a later look would see.
   */
  readonly placed?: PlacedFile;
  /**
   * The replaced file, where it was as believed: at rest in its area, with the stamp it had when it was compared (S65). Absent
   * for a file with other hard links.
   */
  readonly displaced?: { readonly place: AreaPath; readonly stamp: Stamp };
  /** A folder that stays because it holds content that is not ours to remove (S70). */
  readonly leftover: boolean;
};
