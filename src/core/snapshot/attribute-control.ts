import type { RelPath } from "../path/rel-path.ts";
import type { AreaPath } from "../plan/local-act.ts";
import type { AttributeWish } from "./attributes.ts";
import type { Work } from "../../std/events.ts";

/**
 * Let another program work on some files, folders and links, a hundred, by paths that lead there whatever is swapped for a link
 * meanwhile; undefined for what cannot be opened. Their owner may write to them until `use` has ended. Durable on return.
 */
export type WhileHeld = <T>(
  places: readonly (RelPath | AreaPath)[],
  use: (paths: readonly (string | undefined)[]) => Promise<T>,
) => Promise<T>;

/** Extended attributes of what is in one workspace (N38). */
export interface AttributeControl {
  /** What files and folders have; those of which it could not be read are missing. */
  read(
    paths: readonly RelPath[],
    work: Pick<Work, "signal">,
  ): Promise<ReadonlyMap<RelPath, Readonly<Record<string, string>>>>;
  /**
   * Give some files, folders and links what they are to have, and take from them what they are not to have; durable on return.
   *
   * @returns for each the names that are otherwise than wanted afterwards
   */
  set(
    wanted: readonly { readonly place: RelPath | AreaPath; readonly wish: AttributeWish }[],
    work: Pick<Work, "signal">,
  ): Promise<readonly (readonly string[])[]>;
}
