import { constants } from "node:fs";
import type { LocalStat } from "../core/tree/local-stat.ts";
import type { AreaPath, StageExpectation, StageRequest } from "../core/plan/local-act.ts";
import { present } from "../std/assert.ts";
import type { Work } from "../std/events.ts";
import { linkIfAble } from "./no-replace.ts";
import { areaPlace, makeFoldersOnly, syncFolders, type Site } from "./parents.ts";
import { dress, type Dress } from "./dress.ts";
import { giveTo } from "./ownership.ts";
import { stageOnward } from "./stage-onward.ts";
import { writeChecked } from "./write-checked.ts";
import { openSpot, type Spot } from "./spot.ts";
import { secondsOf, setMetadataOf } from "./metadata.ts";

const createFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Write content below `.snap/` (S64): checked while it is written, durable on return, removed again on an error. */
export async function stage(site: Site, request: StageRequest, work: Work): Promise<LocalStat> {
  const place = areaPlace(request.to.area, request.to.path);
  const made = makeFoldersOnly(site, place.slice(0, -1), 0o700);
  using spot = openSpot(site, place);
  if ("linkTarget" in request.content) stageLink(site, spot, request);
  else if ("folder" in request.content) await stageFolder(site, spot, request);
  else if ("bytesFrom" in request.content) {
    await stageOnward(site, spot, { ...request, content: request.content, work });
  } else if (!isOtherName(site, spot, request.content.sameAs)) {
    await stageFile(site, spot, { ...request, content: request.content, work });
  }
  await spot.folder.sync();
  await syncFolders(site, made);
  return present(spot.stat(), "what was staged");
}

type FileRequest = Dress & {
  readonly content: {
    readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
    readonly expect: StageExpectation;
  };
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
    await writeChecked(site, fd, { ...request.content, ...request.work });
    await dress(disk, fd, request);
    written = true;
  } finally {
    disk.close(fd);
    if (!written) disk.unlink(spot.at());
  }
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
