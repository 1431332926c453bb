import type { PathKey } from "../path/path-key.ts";
import type { RelPath } from "../path/rel-path.ts";
import type { Work } from "../../std/events.ts";
import type { Stretch } from "../transfer/stretches.ts";
import type { HashedContent } from "./content-hash.ts";
import type { ContentHash, Kind } from "./node.ts";

/** Whose account it is. */
export type RemoteAccount = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** Where its paths begin: the namespace of its or its team's root, or the folder of an app. "" where it is not told. */
  readonly root: string;
  /** Path of the person's own folder from there: "" where it is everything. */
  readonly home: string;
  /** Name of the team; absent where there is none, or it is not told. */
  readonly team?: string;
};

/** A file or folder below the linked folder as the server describes it. */
export type RemoteItem = {
  readonly kind: Kind;
  /** As the server displays it: only the last component is sure to be in the right case (S35). */
  readonly path: RelPath;
  /** The components of `path_lower` below the linked folder: the server is the authority on keys (S15). */
  readonly keys: readonly PathKey[];
  readonly name: string;
  readonly remoteId: string;
  /** "" for folders, like `hash`; `size` and `modified` are 0 for them. */
  readonly rev: string;
  readonly hash: ContentHash;
  readonly size: number;
  /** `client_modified` in ms since 1970; never decides anything (S35). */
  readonly modified: number;
};

/** One content that a file had. */
export type FileRevision = {
  readonly rev: string;
  /** undefined where the server does not tell. */
  readonly hash: ContentHash | undefined;
  /** The server does not say that it could not be brought back. */
  readonly isKept: boolean;
};

/** What one place held, newest first and without gaps; `isDeleted`: nothing stands there now. */
export type FileHistory = {
  readonly isDeleted: boolean;
  readonly revisions: readonly FileRevision[];
};

/** One line of a listing: what a place is now. */
export type RemoteChange =
  | { readonly change: "present"; readonly item: RemoteItem }
  | {
      readonly change: "removed";
      /** May be of any form: what was refused is removed like everything else. */
      readonly keys: readonly PathKey[];
    }
  /** A name that no disk may be given (X1): left on the server and reported, `path` is for display only. */
  | {
      readonly change: "refused";
      readonly path: string;
      readonly reason: string;
      /** The components of `path_lower` below the linked folder, with `/` between them, where the server names one. */
      readonly place?: string;
    };

/** A page of a listing, to be applied in one transaction with its cursor (S30). */
export type RemotePage = {
  readonly changes: readonly RemoteChange[];
  readonly cursor: string;
  /** No more pages: plans may be made. */
  readonly complete: boolean;
  /** The first page of a listing that starts anew: what no page until `complete` names is gone (S34). */
  readonly restart: boolean;
};

/** How a download is stopped, and what is known of it. */
export type DownloadWork = Work & {
  /** Bytes of the whole revision: what is known to be large comes by several ranges at once. */
  readonly size?: number;
};

/** One file to be brought to the server. */
export type UploadRequest = {
  readonly path: RelPath;
  /** The rev to replace, or undefined for a new file: nothing else is ever overwritten (S57). */
  readonly replaces: string | undefined;
  readonly size: number;
  readonly hash: ContentHash;
  /** ms since 1970. */
  readonly modified: number;
  /** Into the memory that is given, where it is able to. */
  read(offset: number, lengthMax: number, into?: Uint8Array): Promise<Uint8Array>;
  /** The content of a stretch, undefined where the file ended before; for who knows a faster way than to read it here. */
  hashOf?(stretch: Stretch, work: Work): Promise<HashedContent | undefined>;
  /** Asked right before the commit; false drops the upload with `volatile`. */
  unchanged(): Promise<boolean>;
  /** An upload session of an earlier run, and where to note the present one, from its start and after each part. */
  readonly resume?: UploadSession | undefined;
  onSession?(session: UploadSession): void;
};

/** A document of ours in the linked folder, with the revision that we know. */
export type KnownDocument = { readonly path: RelPath; readonly rev: string };

/** An upload session, as far as the server has acknowledged it. */
export type UploadSession = {
  readonly session: string;
  /** Parts of a concurrent one come in any order, those of a sequential one in their order. */
  readonly kind: SessionKind;
  readonly acknowledged: readonly Stretch[];
};

/** The ways that a session takes its bytes. */
export const sessionKinds = ["sequential", "concurrent"] as const;

/** One of them. */
export type SessionKind = (typeof sessionKinds)[number];

/** A small file to be brought to the server together with others (S58): all of its bytes, and where they go. */
export type SmallUpload = Pick<
  UploadRequest,
  "path" | "replaces" | "hash" | "modified" | "unchanged"
> & {
  readonly bytes: Uint8Array;
  /** A closed upload session of an earlier run that holds the bytes. */
  readonly resume?: string | undefined;
};

/** A file of the server with the revision that was seen. */
export type KnownFile = { readonly path: RelPath; readonly rev: string };
