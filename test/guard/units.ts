import { readdirSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { expect } from "vitest";
import type { CheckOptions } from "../../src/guard/check-unit.ts";
import type { Flush } from "../../src/guard/durable.ts";
import { captureUnit, type UnitCapture, type UnitPlace } from "../../src/guard/git-unit.ts";
import { findGit, findProgram } from "../../src/guard/shadow-git.ts";
import type { UnitFileWriter, UnitSink } from "../../src/core/repo/unit.ts";
import { FolderSink } from "../../src/guard/unit-folder.ts";
import type { Clock } from "../../src/std/time.ts";
import { git, now, type Scratch } from "./repositories.ts";

/** Short waits pass at once and move the time; long ones, which only bound a program, never end. */
export function steppingClock(): Clock {
  let time = now;
  return {
    now: () => time,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("no more sleep")), { once: true });
        if (delayMs > 1000) return;
        time += delayMs;
        setImmediate(resolve);
      }),
  };
}

export function optionsOf(scratch: Scratch, options: Partial<CheckOptions> = {}): CheckOptions {
  const clock = steppingClock();
  const { path, tmp = "" } = scratch.programs();
  return {
    clock,
    deadline: now + 600_000,
    git: () => findGit(path, { outside: scratch.top, clock }),
    hg: () => findProgram("hg", path, scratch.top),
    tmp,
    ...options,
  };
}

export function placeOf(gitdir: string, common = gitdir): UnitPlace {
  return { vcs: "git", places: { gitdir: Buffer.from(gitdir), common: Buffer.from(common) } };
}

/** Called before a file is captured; `at` is its path in the repository. */
export type Meanwhile = (at: string, phase: "open" | "done") => void;

export type Capturing = {
  readonly place: UnitPlace;
  /** New folder that the capture is written to. */
  readonly into: string;
  readonly options?: Partial<CheckOptions>;
  readonly meanwhile?: Meanwhile;
};

/** Capture into a new folder; nothing is left behind in the temporary one. */
export async function captureInto(scratch: Scratch, capturing: Capturing): Promise<UnitCapture> {
  const { place, into, options, meanwhile } = capturing;
  const folder = new FolderSink(Buffer.from(into));
  const sink = meanwhile === undefined ? folder : watched(folder, meanwhile);
  const all = optionsOf(scratch, options);
  try {
    return await captureUnit(place, sink, all);
  } finally {
    await folder.finish();
    expect(readdirSync(all.tmp), "nothing is left behind").toEqual([]);
  }
}

function watched(sink: UnitSink, meanwhile: Meanwhile): UnitSink {
  return {
    file: async (entry) => {
      const at = entry.path.toString();
      meanwhile(at, "open");
      const writer = await sink.file(entry);
      return {
        ...bound(writer),
        done: async () => {
          await writer.done();
          meanwhile(at, "done");
        },
      };
    },
    plain: async (entry) => await sink.plain(entry),
    remove: async (path) => await sink.remove(path),
  };
}

function bound(writer: UnitFileWriter): UnitFileWriter {
  return {
    write: async (piece) => await writer.write(piece),
    done: async () => await writer.done(),
    drop: async () => await writer.drop(),
  };
}

/** Whether Git is content with all of a restored gitdir: its checks, and every object that anything leads to. */
export function isContent(gitdir: string): boolean {
  try {
    // The work tree of a submodule is not where it was.
    const at = ["--git-dir", ".", "--work-tree", "."] as const;
    git(gitdir, ...at, "fsck", "--full");
    git(gitdir, ...at, "rev-list", "--objects", "--all", "--quiet");
    return true;
  } catch {
    return false;
  }
}

export function gitdirOf(scratch: Scratch, path = "."): string {
  return join(scratch.at(path), ".git");
}

/** Tells what is made durable, in order, and whether it was all there by then. */
export function recordingFlush(root: string): {
  readonly flush: Flush;
  readonly flushed: string[];
} {
  const flushed: string[] = [];
  return {
    flushed,
    flush: (fd) => {
      flushed.push(relative(root, readlinkSync(`/proc/self/fd/${fd}`)));
      return Promise.resolve();
    },
  };
}
