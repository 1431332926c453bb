import { constants, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { nodeDisk, type Disk } from "../../src/local/disk.ts";
import { systemCode } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { Dice } from "../support/sim/dice.ts";
import { MemoryDisk } from "../support/sim/memory-disk.ts";
import { usualDisk, Volume } from "../support/sim/volume.ts";

const top = mkdtempSync(path.join(os.tmpdir(), "snap-disk-"));
afterAll(() => rmSync(top, { recursive: true, force: true }));

const names = ["a", "b", "c", "ä", "long".repeat(64)];
const {
  O_RDONLY,
  O_WRONLY,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_DIRECTORY,
  O_NONBLOCK,
  O_TRUNC,
  O_APPEND,
} = constants;
const flagSets = [
  O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
  O_RDONLY | O_DIRECTORY,
  O_RDONLY,
  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  O_WRONLY | O_CREAT,
  O_WRONLY | O_TRUNC,
  O_WRONLY | O_APPEND,
];

/** One disk under a script: what was opened, and in which order. */
const isRoot = process.getuid?.() === 0;

class Subject {
  readonly disk: Disk;
  readonly top: string;
  readonly handles: number[] = [];
  readonly #inodes = new Map<bigint, number>();

  constructor(disk: Disk, folder: string) {
    this.disk = disk;
    this.top = folder;
  }

  async run(step: Step): Promise<unknown> {
    try {
      return await this.#do(step);
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      return `${code} ${String(Object.getOwnPropertyDescriptor(error, "syscall")?.value)}`;
    }
  }

  closeAll(): void {
    for (const fd of this.handles.splice(0)) this.disk.close(fd);
  }

  async #do(step: Step): Promise<unknown> {
    const fd = this.handles[step.number % Math.max(1, this.handles.length)] ?? 9_999;
    return await doing[step.call](this, { ...step, fd });
  }

  at(names: readonly string[]): string {
    return [this.top, ...names].join("/");
  }

  /** Inodes by the order in which they were met; times of the disk's own clock are left out. */
  stats(stats: ReturnType<Disk["lstat"]>): unknown {
    if (stats === undefined) return undefined;
    const isFolder = stats.isDirectory();
    if (!this.#inodes.has(stats.ino)) this.#inodes.set(stats.ino, this.#inodes.size);
    const set = stats.mtimeNs < 1_710_000_000_000_000_000n;
    return {
      kind: [stats.isFile(), isFolder, stats.isSymbolicLink(), stats.isFIFO()],
      mode: stats.mode,
      owner: isRoot ? [stats.uid, stats.gid] : undefined,
      nlink: isFolder ? 0n : stats.nlink,
      size: isFolder ? 0n : stats.size,
      time: set ? stats.mtimeNs : "now",
    };
  }
}

/** What each call of a script does to a disk, and what is compared of its answer. */
const doing: Readonly<
  Record<Step["call"], (subject: Subject, step: Step & { readonly fd: number }) => unknown>
> = {
  lstat: (subject, { from }) => subject.stats(subject.disk.lstat(subject.at(from))),
  fstat: (subject, { fd }) => subject.stats(subject.disk.fstat(fd)),
  readNames: (subject, { from }) => subject.disk.readNames(subject.at(from)).map(String).toSorted(),
  readLink: (subject, { from }) => String(subject.disk.readLink(subject.at(from))),
  open: (subject, { from, number }) => {
    subject.handles.push(
      subject.disk.open(subject.at(from), flagSets[number % flagSets.length] ?? 0, 0o640),
    );
    return subject.stats(subject.disk.fstat(subject.handles.at(-1) ?? 0));
  },
  close: (subject, { fd }) => {
    subject.handles.splice(subject.handles.indexOf(fd), 1);
    return subject.disk.close(fd);
  },
  mkdir: (subject, { from }) => subject.disk.mkdir(subject.at(from), 0o777),
  rmdir: (subject, { from }) => subject.disk.rmdir(subject.at(from)),
  rename: (subject, { from, to }) => subject.disk.rename(subject.at(from), subject.at(to)),
  renameFolder: (subject, { from, to }) =>
    subject.disk.rename(`${subject.at(from)}/`, subject.at(to)),
  link: (subject, { from, to }) => subject.disk.link(subject.at(from), subject.at(to)),
  unlink: (subject, { from }) => subject.disk.unlink(subject.at(from)),
  symlink: (subject, { from, to }) => subject.disk.symlink(to.at(-1) ?? "", subject.at(from)),
  chmodOpen: (subject, { number, fd }) => subject.disk.chmodOpen(fd, 0o600 + (number % 8)),
  chownOpen: (subject, { number, fd }) => subject.disk.chown(fd, ...ids(number)),
  chownLink: (subject, { number, from }) => subject.disk.chown(subject.at(from), ...ids(number)),
  setTimesOpen: (subject, { number, fd }) =>
    subject.disk.setTimesOpen(fd, String(1_700_000_000 + number / 7)),
  setTimesOfLink: (subject, { from, number }) =>
    subject.disk.setTimesOfLink(subject.at(from), String(number / 3 - 5)),
  read: async (subject, { number, fd }) => {
    const into = new Uint8Array(8);
    const count = await subject.disk.read(fd, into, number % 5);
    return String(Buffer.from(into.subarray(0, count)));
  },
  write: (subject, { number, fd }) => subject.disk.write(fd, Buffer.from(`text ${number}`)),
  sync: (subject, { fd }) => subject.disk.sync(fd),
  anchored: (subject, { from, to }) => {
    const folder = subject.disk.open(subject.at(from), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      const inside = `/proc/self/fd/${folder}/${to.at(-1)}`;
      return [
        subject.stats(subject.disk.lstat(inside)),
        subject.disk.readNames(`/proc/self/fd/${folder}`).length,
      ];
    } finally {
      subject.disk.close(folder);
    }
  },
};

/** Only root may give files away. */
function ids(number: number): [number, number] {
  return isRoot ? [number % 3, number % 5] : [0, 0];
}

const calls = [
  "lstat",
  "lstat",
  "fstat",
  "readNames",
  "readLink",
  "open",
  "open",
  "open",
  "close",
  "mkdir",
  "mkdir",
  "rmdir",
  "rename",
  "rename",
  "renameFolder",
  "link",
  "unlink",
  "symlink",
  "chmodOpen",
  "chownOpen",
  "chownLink",
  "setTimesOpen",
  "setTimesOfLink",
  "read",
  "write",
  "sync",
  "anchored",
] as const;

type Step = {
  readonly call: (typeof calls)[number];
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly number: number;
};

function stepOf(dice: Dice): Step {
  const place = (): string[] => dice.times(1 + dice.below(3), () => dice.pick(names));
  return { call: dice.pick(calls), from: place(), to: place(), number: dice.below(1_000) };
}

test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
  "S111: the disk in memory answers as a real one, script %i",
  async (seed) => {
    const dice = new Dice(seededRng(seed));
    const folder = path.join(top, String(seed));
    nodeDisk.mkdir(folder, 0o755);
    const volume = new Volume({ ...usualDisk, superuser: isRoot }, () => Date.now());
    const memory = new MemoryDisk(volume, { author: "user" });
    memory.mkdir("/top", 0o755);
    const [real, ours] = [new Subject(nodeDisk, folder), new Subject(memory, "/top")];
    const script: Step[] = [];
    let failed = 0;
    for (let count = 0; count < 1_500; count += 1) {
      const step = stepOf(dice);
      script.push(step);
      const expected = await real.run(step);
      if (typeof expected === "string") failed += 1;
      expect(await ours.run(step), script.slice(-8).map(shown).join("\n")).toEqual(expected);
    }
    real.closeAll();
    ours.closeAll();
    expect(failed, "a script in which most calls fail says little").toBeLessThan(1_300);
  },
);

function shown({ call, from, to, number }: Step): string {
  const short = (names: readonly string[]): string =>
    names.map((name) => name.slice(0, 5)).join("/");
  return `${call} ${short(from)} ${short(to)} ${number}`;
}
