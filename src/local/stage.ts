import { constants } from "node:fs";
import { ContentHasher } from "../core/tree/content-hash.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { modeFor, type Owner } from "../core/tree/owner.ts";
import type { AreaPath, StageExpectation, StageRequest } from "../core/plan/local-act.ts";
import { present } from "../std/assert.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { linkIfAble } from "./no-replace.ts";
import { areaPlace, makeFoldersOnly, syncFolders, type Site } from "./parents.ts";
import { giveTo } from "./ownership.ts";
import { openSpot, type Spot } from "./spot.ts";
import { bitsOf, secondsOf, setMetadataOf } from "./metadata.ts";

const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Write content below `.snap/` (S64): checked while it is written, durable on return, removed again on an error. */
export async function stage(site: Site, request: StageRequest, work: Work): Promise<LocalStat> {
  const place = areaPlace(request.to.area, request.to.path);
  const made = makeFoldersOnly(site, place.slice(0, -1), 0o700);
  using spot = openSpot(site, place);
  if ("linkTarget" in request.content) stageLink(site, spot, request);
  else if ("folder" in request.content) await stageFolder(site, spot, request);
  else if (!isOtherName(site, spot, request.content.sameAs)) {
    await stageFile(site, spot, { ...request, content: request.content, work });
  }
  await spot.folder.sync();
  await syncFolders(site, made);
  return present(spot.stat(), "what was staged");
}

type FileRequest = {
  readonly content: {
    readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
    readonly expect: StageExpectation;
  };
  readonly modifiedNs?: string;
  readonly mode?: number;
  readonly special?: true;
  readonly owner?: Owner;
  readonly work: Work;
};

/** Whether it could become one more name of a file that is staged already. */
function isOtherName(site: Site, spot: Spot, sameAs: AreaPath | undefined): boolean {
  if (sameAs === undefined) return false;
  using other = openSpot(site, areaPlace(sameAs.area, sameAs.path));
  return linkIfAble(site.disk, other, spot);
}

/** 0600 while it is written; the final mode is set at the end, still inside a folder of 0700 (X9). */
async function stageFile(site: Site, spot: Spot, request: FileRequest): Promise<void> {
  const { disk } = site;
  const fd = disk.open(spot.at(), createFlags, 0o600);
  let written = false;
  try {
    await writeChecked(site, fd, request);
    const isGiven = giveTo(disk, fd, request.owner);
    const mode = bitsOf(request.mode ?? 0o666 & ~disk.umask(), request);
    disk.chmodOpen(fd, modeFor(mode, isGiven));
    if (request.modifiedNs !== undefined) disk.setTimesOpen(fd, secondsOf(request.modifiedNs));
    await disk.sync(fd);
    written = true;
  } finally {
    disk.close(fd);
    if (!written) disk.unlink(spot.at());
  }
}

async function writeChecked(site: Site, fd: number, request: FileRequest): Promise<void> {
  const { bytes, expect } = request.content;
  const hasher = new ContentHasher();
  let size = 0;
  for await (const chunk of bytes) {
    throwIfAborted(request.work.signal);
    size += chunk.length;
    if (size > expect.size) throw wrongContent(`is longer than ${expect.size} bytes`);
    hasher.update(chunk);
    await writeFully(site, fd, chunk);
  }
  if (size !== expect.size) throw wrongContent(`has ${size} bytes instead of ${expect.size}`);
  if (hasher.finish().hash !== expect.hash) throw wrongContent("does not have the expected hash");
}

async function writeFully(site: Site, fd: number, chunk: Uint8Array): Promise<void> {
  let rest = chunk;
  while (rest.length > 0) rest = rest.subarray(await site.disk.write(fd, rest));
}

function wrongContent(how: string): SnapError {
  return new SnapError("content-wrong", `What was received ${how}`, {
    hint: "It was thrown away. It is fetched again by itself.",
  });
}

function stageLink(site: Site, spot: Spot, request: StageRequest): void {
  if (!("linkTarget" in request.content)) return;
  site.disk.symlink(request.content.linkTarget, spot.at());
  giveTo(site.disk, spot.at(), request.owner);
  if (request.modifiedNs !== undefined) {
    site.disk.setTimesOfLink(spot.at(), secondsOf(request.modifiedNs));
  }
}

async function stageFolder(site: Site, spot: Spot, request: StageRequest): Promise<void> {
  site.disk.mkdir(spot.at(), 0o777);
  await setMetadataOf(site, spot, request);
}
