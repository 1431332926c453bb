import type { RelPath } from "../path/rel-path.ts";
import type { Work } from "../../std/events.ts";
import type { FileHistory, RemoteItem } from "../tree/remote-item.ts";
import type { RemoteBatches } from "../tree/remote-batches.ts";

/** What the server keeps of files, and puts back itself (T24). Errors as those of `RemoteSide`. */
export interface KeptRemote extends Pick<RemoteBatches, "makeFolders" | "relocate"> {
  /** The newest contents that a place had, a hundred at the most; none where it never held a file. What is lost is told, too. */
  history(path: RelPath): Promise<FileHistory>;
  /**
   * Put a revision of a place back there, over whatever is there now: nothing is uploaded, and nothing is asked first (T25). A folder
   * above that is missing is made. @throws {SnapError} `not-found` where the server does not keep it
   */
  revert(path: RelPath, rev: string): Promise<RemoteItem>;
  /** Bytes that the account still takes; undefined where the server does not tell (T33). */
  room(work?: Work): Promise<number | undefined>;
}
