import { idsOf, isOwnerRefused, type Owner } from "../core/tree/owner.ts";
import { systemCode } from "../std/error.ts";
import type { Disk } from "./disk.ts";

/**
 * Give what is open, or a link by its name, to its owner, before it gets its mode: this takes setuid and setgid away. Where the system
 * refuses it stays as it is: whoever asked compares the stat afterwards, and tells.
 *
 * @returns whether it has that owner, or none was wanted
 */
export function giveTo(disk: Disk, at: number | string, owner: Owner | undefined): boolean {
  if (owner === undefined) return true;
  const { user, group } = idsOf(owner);
  try {
    disk.chown(at, user, group);
    return true;
  } catch (error) {
    if (!isOwnerRefused(systemCode(error))) throw error;
    return false;
  }
}
