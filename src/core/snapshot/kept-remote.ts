import type { RelPath } from "../path/rel-path.ts";
import type { SnapError } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { FileHistory, RemoteItem } from "../tree/remote-item.ts";

/** What the server keeps of files, and puts back itself (T24). Errors as those of `RemoteSide`. */
export interface KeptRemote {
  /** The newest contents that a place had, a hundred at the most; none where it never held a file. What is lost is told, too. */
  history(path: RelPath): Promise<FileHistory>;
  /**
   * Put a revision of a place back there, over whatever is there now: nothing is uploaded, and nothing is asked first (T25). A folder
   * above that is missing is made. @throws {SnapError} `not-found` where the server does not keep it
   */
  revert(path: RelPath, rev: string): Promise<RemoteItem>;
  /**
   * Move or copy files, or folders with all that they hold, by one batch of a thousand at the most; never over anything. In order, what
   * stands there now or why not: a lost answer is healed by the repeat, which then names what is done already as a refusal, so that
   * a refused place has to be looked at. @throws {SnapError} where the outcome of all is not known
   */
  relocate(
    call: "move" | "copy",
    pairs: readonly { readonly from: RelPath; readonly to: RelPath }[],
    work?: Work,
  ): Promise<readonly (RemoteItem | SnapError)[]>;
  /** Bytes that the account still takes; undefined where the server does not tell (T33). */
  room(work?: Work): Promise<number | undefined>;
  /** Make folders by one batch of a thousand at the most, those above others first. Else as `relocate`. */
  makeFolders(paths: readonly RelPath[], work?: Work): Promise<readonly (RemoteItem | SnapError)[]>;
}
