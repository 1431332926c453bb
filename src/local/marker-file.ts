import { constants } from "node:fs";
import { toPaths } from "../core/tree/meta-values.ts";
import type { RootMarker } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import { randomHex } from "../std/random.ts";
import { makeFolders, openTop, ownFolder, type Site } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import { openPlain, readFully } from "./read.ts";

/** `.snap/root.json` (S10): one line of JSON. */
const markerPlace = [ownFolder, "root.json"];

/** A whole line: thousands of excluded folders fit. */
const markerBytesMax = 4 * 1024 * 1024;

/** undefined where there is no marker, or none that can be understood: then it is not ours. */
export async function readMarker(site: Site): Promise<RootMarker | undefined> {
  openTop(site)[Symbol.dispose]();
  using spot = findSpot(site, markerPlace);
  if (spot?.look()?.isFile() !== true) return undefined;
  const { fd, stats } = openPlain(site.disk, spot);
  if (stats.size > markerBytesMax) {
    site.disk.close(fd);
    return undefined;
  }
  try {
    const into = new Uint8Array(Number(stats.size));
    const bytes = await readFully(site.disk, fd, { into, position: 0 });
    return parseMarker(new TextDecoder().decode(bytes));
  } finally {
    site.disk.close(fd);
  }
}

function parseMarker(text: string): RootMarker | undefined {
  const { workspace, link, generation, excluded = [] } = fieldsOf(text);
  if (typeof workspace !== "string" || typeof generation !== "number") return undefined;
  if (!Number.isSafeInteger(generation) || generation < 0) return undefined;
  const paths = toPaths(excluded);
  if (paths === undefined) return undefined;
  const named = { ...(paths.length > 0 && { excluded: paths }) };
  return { workspace, generation, ...(typeof link === "string" && { link }), ...named };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A marker that is no JSON is none of ours, which the caller is told.
    return undefined;
  }
}

const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Written beside and renamed, so that there is always a whole one.
 *
 * @throws {SnapError} `settings-invalid` for more excluded folders than fit
 */
export async function writeMarker(site: Site, marker: RootMarker): Promise<void> {
  const line = new TextEncoder().encode(`${JSON.stringify(marker)}\n`);
  if (line.length > markerBytesMax) throw tooManyExcluded();
  await makeFolders(site, [ownFolder], 0o700);
  using spot = openSpot(site, markerPlace);
  const temporary = spot.folder.at(`root-${randomHex(site.rng, 8)}.tmp`);
  const fd = site.disk.open(temporary, createFlags, 0o600);
  let complete = false;
  try {
    let rest: Uint8Array = line;
    while (rest.length > 0) rest = rest.subarray(await site.disk.write(fd, rest));
    await site.disk.sync(fd);
    site.disk.rename(temporary, spot.at());
    complete = true;
  } finally {
    site.disk.close(fd);
    if (!complete) site.disk.unlink(temporary);
  }
  await spot.folder.sync();
}

function tooManyExcluded(): SnapError {
  return new SnapError("settings-invalid", "The list of excluded folders is too long", {
    hint: "Exclude a folder above them instead, or write a line in .mignore.",
  });
}

/** Unlink the marker. Gone already is success. */
export async function removeMarker(site: Site): Promise<void> {
  using spot = findSpot(site, markerPlace);
  if (spot?.look() === undefined) return;
  site.disk.unlink(spot.at());
  await spot.folder.sync();
}
