import { idsOf, isOwnerRefused, type Owner } from "../core/tree/owner.ts";
import { systemCode } from "../std/error.ts";
import type { Disk } from "./disk.ts";

/**
 * Give what is open, or a link by its name, to its owner, before it gets its mode: this takes setuid and setgid away. Where the system
 * refuses it stays as it is: whoever asked compares the stat afterwards, and tells.
 */
export function giveTo(disk: Disk, at: number | string, owner: Owner | undefined): void {
  if (owner === undefined) return;
  const { user, group } = idsOf(owner);
  try {
    disk.chown(at, user, group);
  } catch (error) {
    if (!isOwnerRefused(systemCode(error))) throw error;
  }
}
