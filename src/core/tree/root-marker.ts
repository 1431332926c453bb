import type { RelPath } from "../path/rel-path.ts";

/** `.snap/root.json`: which workspace a folder is, and which state of it (S10, S116). */
export type RootMarker = {
  readonly workspace: string;
  /** Absent while the workspace is not linked. */
  readonly link?: string;
  readonly generation: number;
  /** Folders that this disk may lack because they are excluded (S93); absent where there are none. */
  readonly excluded?: readonly RelPath[];
};
