import { constants } from "node:fs";
import type { RootMarker } from "../ports.ts";
import { randomHex } from "../std/random.ts";
import { makeFolders, openTop, ownFolder, type Site } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import { openPlain } from "./read.ts";

/** `.snap/root.json` (S10): one line of JSON. */
const markerPlace = [ownFolder, "root.json"];
const markerBytesMax = 4096;

/** undefined where there is no marker, or none that can be understood: then it is not ours. */
export async function readMarker(site: Site): Promise<RootMarker | undefined> {
  openTop(site)[Symbol.dispose]();
  using spot = findSpot(site, markerPlace);
  if (spot?.look()?.isFile() !== true) return undefined;
  const { fd } = openPlain(site.disk, spot);
  try {
    const into = new Uint8Array(markerBytesMax);
    const count = await site.disk.read(fd, into, 0);
    return parseMarker(new TextDecoder().decode(into.subarray(0, count)));
  } finally {
    site.disk.close(fd);
  }
}

function parseMarker(text: string): RootMarker | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return undefined;
  const workspace = "workspace" in value ? value.workspace : undefined;
  const link = "link" in value ? value.link : undefined;
  const generation = "generation" in value ? value.generation : undefined;
  if (typeof workspace !== "string" || typeof generation !== "number") return undefined;
  if (!Number.isSafeInteger(generation) || generation < 0) return undefined;
  return { workspace, generation, ...(typeof link === "string" && { link }) };
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

/** Written beside and renamed, so that there is always a whole one. */
export async function writeMarker(site: Site, marker: RootMarker): Promise<void> {
  await makeFolders(site, [ownFolder], 0o700);
  using spot = openSpot(site, markerPlace);
  const temporary = spot.folder.at(`root-${randomHex(site.rng, 8)}.tmp`);
  const fd = site.disk.open(temporary, createFlags, 0o600);
  let complete = false;
  try {
    let rest: Uint8Array = new TextEncoder().encode(`${JSON.stringify(marker)}\n`);
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

/** Unlink the marker. Gone already is success. */
export async function removeMarker(site: Site): Promise<void> {
  using spot = findSpot(site, markerPlace);
  if (spot?.look() === undefined) return;
  site.disk.unlink(spot.at());
  await spot.folder.sync();
}
