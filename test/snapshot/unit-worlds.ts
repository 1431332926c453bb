import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlwaysOutside } from "../../src/core/ignore.ts";
import { repositoryMarker } from "../../src/core/repo/marker.ts";
import type { RepositoryUnits, UnitKnowledge, UnitPlace } from "../../src/core/repo/unit.ts";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import type { ContentMemory } from "../../src/core/tree/content-memory.ts";
import { captureUnit, type UnitPlace as GuardPlace } from "../../src/guard/git-unit.ts";
import { lookAtUnit } from "../../src/guard/look-unit.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { CaptureSource, SnapshotStore } from "../../src/ports.ts";
import { localSource } from "../../src/snapshot/local-source.ts";
import { seededRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { git, type Scratch } from "../guard/repositories.ts";
import { optionsOf, placeOf } from "../guard/units.ts";
import { MemorySpool } from "../support/memory-spool.ts";
import { memoryFacts } from "../support/memory-source.ts";

/** The repositories of a scratch workspace, captured by the guard. */
export function guardUnits(scratch: Scratch, knowledge?: UnitKnowledge): RepositoryUnits {
  return {
    makeSpool: () => new MemorySpool(),
    capture: async (place, sink) => {
      const captured = await captureUnit(guardPlace(scratch, place), sink, optionsOf(scratch));
      return { ...captured, state: {} };
    },
    ...(knowledge === undefined ? {} : { knowledge }),
  };
}

/** What captures of a scratch workspace remember, in a file beside it; times of its disk are known to 20 ms. */
export function guardKnowledge(scratch: Scratch, memory: ContentMemory): UnitKnowledge {
  return {
    known: (path) => memory.unitAt(path),
    note: (path, unit) => memory.noteUnit(path, unit, 20_000_000n),
    look: async (place, { signal }) => await lookAtUnit(guardPlace(scratch, place), signal),
    describe: (place) =>
      Promise.resolve({ dirty: git(scratch.at(parentOf(place.path)), "status", "-s") !== "" }),
  };
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function guardPlace(scratch: Scratch, { vcs, path }: UnitPlace): GuardPlace {
  const folder = scratch.at(path);
  return vcs === "git" ? placeOf(folder) : { vcs, folder: Buffer.from(folder) };
}

/** A scratch workspace as a capture reads it. */
export function sourceOf(
  scratch: Scratch,
  options: {
    readonly synced?: boolean;
    readonly units?: RepositoryUnits;
    /** A folder that the rules leave out. */
    readonly ignored?: string;
  } = {},
): CaptureSource {
  return localSource({
    local: openLocalSide({ top: scratch.top, clock: systemClock, rng: seededRng(1) }),
    index: undefined,
    facts: memoryFacts,
    isOutside: (path) => isAlwaysOutside(path) || path === options.ignored,
    isRepositorySynced: (path) =>
      options.synced === true && repositoryMarker(path, "folder") !== undefined,
    units: options.units ?? guardUnits(scratch),
  });
}

/** Write one unit of a snapshot into a folder, from nothing but the store. */
export async function writeOut(
  store: SnapshotStore,
  {
    root,
    unit,
    into,
  }: { readonly root: SnapshotRoot; readonly unit: string; readonly into: string },
): Promise<void> {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const start = Buffer.byteLength(unit) + 1;
  for await (const entry of store.entries(root.id)) {
    if (entry.unit !== unit || entry.path === unit) continue;
    const bytes =
      entry.pathBytes === undefined
        ? Buffer.from(entry.path)
        : Buffer.from(entry.pathBytes, "base64");
    const place = Buffer.concat([Buffer.from(join(into, "/")), bytes.subarray(start)]);
    const mode = Number.parseInt(entry.mode ?? "700", 8);
    if (entry.type === "folder") mkdirSync(place, { mode: mode | 0o700 });
    else if (entry.type === "symlink") {
      const { linkBytes, linkTarget = "" } = entry;
      symlinkSync(linkBytes === undefined ? linkTarget : Buffer.from(linkBytes, "base64"), place);
    } else {
      writeFileSync(place, Buffer.concat(await Array.fromAsync(store.open(entry))));
      chmodSync(place, mode);
    }
  }
}
