import type { Disk } from "./disk.ts";

/** The `fsync` of one folder that is under way, and the one that comes after it. */
type Syncs = { readonly now: Promise<void>; next: Promise<void> | undefined };

/**
 * The disk, on which all who wait for the same folder share one `fsync` (S73). One that is under way may have missed what was made
 * since it began, so they share the next one: it begins when all of them have asked. Files have each their own.
 */
export function joinedSyncs(disk: Disk): Disk {
  const folders = new Map<string, Syncs>();

  const begin = (key: string, fd: number): Promise<void> => {
    const now = disk.sync(fd).finally(() => {
      if (folders.get(key)?.next === undefined) folders.delete(key);
    });
    folders.set(key, { now, next: undefined });
    return now;
  };

  const sync = (fd: number): Promise<void> => {
    const stats = disk.fstat(fd);
    if (!stats.isDirectory()) return disk.sync(fd);
    const key = `${stats.dev}:${stats.ino}`;
    const syncs = folders.get(key);
    if (syncs === undefined) return begin(key, fd);
    const after = (): Promise<void> => begin(key, fd);
    // Who asked first holds the handle open until it is answered. That an earlier one failed is told to those who waited for it.
    return (syncs.next ??= syncs.now.then(after, after));
  };

  return { ...disk, sync };
}
