import fs from "node:fs";
import path from "node:path";

/** What a user's program learns of a place. */
export type UserStat = {
  readonly kind: "file" | "folder" | "other";
  readonly inode: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
};

/** File calls as any program of the user makes them; paths are absolute. */
export interface UserFiles {
  /** undefined where nothing is. */
  stat(place: string): UserStat | undefined;
  names(folder: string): string[];
  read(place: string): Buffer;
  /** Writes in place. */
  write(place: string, bytes: Uint8Array): void;
  /** With the folders above it. */
  mkdir(folder: string): void;
  rename(from: string, to: string): void;
  /** With everything below it. */
  remove(place: string): void;
}

/** The disk of this computer. */
export const nodeFiles: UserFiles = {
  stat: (place) => {
    const stats = fs.lstatSync(place, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const { ino, mtimeNs, ctimeNs } = stats;
    const other = stats.isDirectory() ? "folder" : "other";
    return { kind: stats.isFile() ? "file" : other, inode: ino, mtimeNs, ctimeNs };
  },
  names: (folder) => fs.readdirSync(folder),
  read: (place) => fs.readFileSync(place),
  write: (place, bytes) => fs.writeFileSync(place, bytes),
  mkdir: (folder) => void fs.mkdirSync(folder, { recursive: true }),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (place) => fs.rmSync(place, { recursive: true }),
};

/** Files and folders below a place, with their paths from there; links and special files are left out. */
export function* walk(files: UserFiles, top: string, below = ""): Generator<[string, UserStat]> {
  for (const name of files.names(path.join(top, below))) {
    const place = path.posix.join(below, name);
    const stat = files.stat(path.join(top, place));
    if (stat === undefined || stat.kind === "other") continue;
    yield [place, stat];
    if (stat.kind === "folder") yield* walk(files, top, place);
  }
}
