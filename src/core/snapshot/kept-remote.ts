import type { RelPath } from "../path/rel-path.ts";
import type { FileHistory, RemoteItem } from "../tree/remote-item.ts";

/** What the server keeps of files, and puts back itself (T24). Errors as those of `RemoteSide`. */
export interface KeptRemote {
  /** The newest contents that a place had, a hundred at the most; none where it never held a file. */
  history(path: RelPath): Promise<FileHistory>;
  /**
   * Put a revision of a place back there, over whatever is there now: nothing is uploaded, and nothing is asked first (T25). A folder
   * above that is missing is made. @throws {SnapError} `not-found` where the server does not keep it
   */
  revert(path: RelPath, rev: string): Promise<RemoteItem>;
}
