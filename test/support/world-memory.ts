import path from "node:path";
import { constants } from "node:fs";
import { systemCode } from "../../src/std/error.ts";
import { bufferOf } from "./sim/disk-names.ts";
import type { Inode } from "./sim/inode.ts";
import { MemoryDisk, type Gate } from "./sim/memory-disk.ts";
import { usualDisk, Volume, type DiskSettings } from "./sim/volume.ts";
import type { UserFiles } from "./user-files.ts";
import type { WorldOptions } from "./world-options.ts";

/** The options of a world, and what only such a disk can. */
export type MemoryWorld = Required<Pick<WorldOptions, "disk" | "files" | "whereIs">> & {
  /** Another device appears as a new folder. */
  readonly mount: (folder: string, device: number) => void;
};

/** A workspace on a disk in memory, with which calls of the engine end in an order that a seed decides. */
export function memoryWorld(settings: Partial<DiskSettings> = {}, gate?: Gate): MemoryWorld {
  const volume = new Volume({ ...usualDisk, ...settings }, Date.now);
  const disk = new MemoryDisk(volume, { author: "engine", ...(gate && { gate }) });
  const user = new MemoryDisk(volume, { author: "user" });
  return {
    disk,
    files: filesOf(user),
    whereIs: (called) => whereIs(disk, called),
    mount: (folder, device) => user.mount(folder, device),
  };
}

/** Lets each call wait for as many turns of the event loop as chance says, at most three. */
export function seededGate(seed: number): Gate {
  let state = seed;
  return async () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    for (let turn = (state >> 16) % 4; turn > 0; turn -= 1) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
}

function filesOf(disk: MemoryDisk): UserFiles {
  const files: UserFiles = {
    stat: (place) => {
      const stats = disk.lstat(place);
      if (stats === undefined) return undefined;
      const { ino, mtimeNs, ctimeNs } = stats;
      const other = stats.isDirectory() ? "folder" : "other";
      return { kind: stats.isFile() ? "file" : other, inode: ino, mtimeNs, ctimeNs };
    },
    names: (folder) => disk.readNames(folder).map(String),
    read: (place) => {
      const fd = disk.open(place, constants.O_RDONLY);
      const bytes = Buffer.from(disk.nodeOf(fd).bytes);
      disk.close(fd);
      return bytes;
    },
    write: (place, bytes) => {
      const fd = disk.open(place, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
      disk.writeNow(fd, bytes);
      disk.close(fd);
    },
    mkdir: (folder) => {
      if (path.dirname(folder) !== folder) files.mkdir(path.dirname(folder));
      try {
        if (disk.lstat(folder) === undefined) disk.mkdir(folder, 0o777);
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error;
      }
    },
    rename: (from, to) => disk.rename(from, to),
    remove: (place) => {
      if (files.stat(place)?.kind !== "folder") return disk.unlink(place);
      for (const name of files.names(place)) files.remove(path.join(place, name));
      disk.rmdir(place);
    },
  };
  return files;
}

/** A path with the name of an open folder in place of its number. */
function whereIs(disk: MemoryDisk, called: string): string {
  const [, fd, rest = ""] = /^\/proc\/self\/fd\/(\d+)(.*)$/s.exec(called) ?? [];
  return fd === undefined ? called : path.normalize(placeOf(disk.nodeOf(Number(fd))) + rest);
}

function placeOf(node: Inode): string {
  const above = node.parent;
  if (above === undefined || above === node) return "";
  const entry = [...above.entries.values()].find((one) => one.node === node);
  return `${placeOf(above)}/${entry === undefined ? "(gone)" : bufferOf(entry.name).toString()}`;
}
