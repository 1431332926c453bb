import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isAlwaysOutside } from "../../src/core/ignore.ts";
import { repositoryMarker } from "../../src/core/repo/marker.ts";
import type { RepositoryUnits } from "../../src/core/repo/unit.ts";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { captureUnit } from "../../src/guard/git-unit.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { CaptureSource, SnapshotStore } from "../../src/ports.ts";
import { localSource } from "../../src/snapshot/local-source.ts";
import { seededRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import type { Scratch } from "../guard/repositories.ts";
import { optionsOf, placeOf } from "../guard/units.ts";
import { memoryFacts } from "../support/memory-source.ts";

/** The repositories of a scratch workspace, captured by the guard. */
export function guardUnits(scratch: Scratch): RepositoryUnits {
  return {
    capture: async ({ vcs, path }, sink) => {
      const folder = scratch.at(path);
      const place = vcs === "git" ? placeOf(folder) : { vcs, folder: Buffer.from(folder) };
      return { ...(await captureUnit(place, sink, optionsOf(scratch))), state: {} };
    },
  };
}

/** A scratch workspace as a capture reads it. */
export function sourceOf(
  scratch: Scratch,
  options: { readonly synced?: boolean; readonly units?: RepositoryUnits } = {},
): CaptureSource {
  return localSource({
    local: openLocalSide({ top: scratch.top, clock: systemClock, rng: seededRng(1) }),
    index: undefined,
    facts: memoryFacts,
    isOutside: (path) => isAlwaysOutside(path),
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
