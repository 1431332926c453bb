import type { DiskRoom } from "../restore/restore-deps.ts";
import { diskOf } from "./doctor/space.ts";

/** What the disks of a workspace and of its store have room for. */
export function diskRoom(workspace: string, store: string): DiskRoom {
  return {
    freeFiles: () => diskOf(workspace).freeFiles,
    store: () => {
      const { freeBytes, device } = diskOf(store);
      return { freeBytes, isSameDisk: device === diskOf(workspace).device };
    },
  };
}
