import { comparePaths, joinPath, pathComponents, type RelPath } from "../core/path/rel-path.ts";
import type { ActOutcome, DisplaceAct, LocalExpectation } from "../core/plan/local-act.ts";
import { systemCode } from "../std/error.ts";
import { displaceLeaf, settleLeaf } from "./displace-leaf.ts";
import { isAsExpected } from "./expectation.ts";
import { renameIfThere } from "./no-replace.ts";
import { cancelled, statAt } from "./outcome.ts";
import { areaPlace, makeFolders, placeOf, syncFolder } from "./parents.ts";
import { findSpot, openSpot } from "./spot.ts";
import type { Place, Site } from "./parents.ts";
import { putBack } from "./put-back.ts";
import { surveyTree } from "./survey.ts";
import { readWitness, removeWitness, writeWitness } from "./witness.ts";

/**
 * Take a folder away (S70). Everything below it is compared first. If all of it may go, one rename takes it, and the
 * displaced tree is compared again: what came or changed in between returns. Otherwise the known entries go one by
 * one, and the folder stays with the rest.
 */
export async function displaceFolder(site: Site, act: DisplaceAct): Promise<ActOutcome> {
  const place = placeOf(act.path);
  const trash = areaPlace(act.displaceTo, act.path);
  await makeFolders(site, trash.slice(0, -1), 0o700);
  if (!(await isStillThere(site, place, act.before))) return cancelled(statAt(site, place));
  const survey = await surveyTree(site, place, new Map(act.known));
  if (survey.murky || survey.changed.length > 0) return cancelled(statAt(site, place));
  const whole = survey.unknown.length === 0 && takeWhole(site, place, trash);
  return whole ? await verifyWhole(site, act) : await takePieces(site, act, "displace");
}

async function isStillThere(
  site: Site,
  place: Place,
  expected: LocalExpectation,
): Promise<boolean> {
  using spot = findSpot(site, place);
  return spot !== undefined && (await isAsExpected(site, spot, expected));
}

/**
 * One rename, noted before: after a crash it tells a tree that was taken whole, of which everything unknown has to
 * return, from pieces that were gathered. False where there can be no note, or the area holds pieces already.
 */
function takeWhole(site: Site, place: Place, trash: Place): boolean {
  using from = openSpot(site, place);
  using to = openSpot(site, trash);
  const stats = from.look();
  if (stats === undefined || to.look() !== undefined) return false;
  if (!writeWitness(site.disk, to.folder, { name: to.name, stats })) return false;
  return renameIfThere(site.disk, from, to);
}

async function verifyWhole(site: Site, act: DisplaceAct): Promise<ActOutcome> {
  const place = placeOf(act.path);
  const trash = areaPlace(act.displaceTo, act.path);
  await syncFolder(site, place.slice(0, -1));
  await syncFolder(site, trash.slice(0, -1));
  const survey = await surveyTree(site, trash, new Map(act.known));
  const back = { from: trash, to: act.path, beside: false, copy: act.copy };
  const returned: RelPath[] = [];
  if (survey.murky) returned.push(await putBack(site, back));
  for (const path of survey.murky ? [] : [...survey.unknown, ...survey.changed]) {
    const from = [...trash, ...pathComponents(path)];
    returned.push(await putBack(site, { ...back, from, to: below(act.path, path) }));
  }
  forgetWhole(site, trash);
  if (survey.murky) return cancelled(statAt(site, place), returned);
  return outcome(site, act, returned);
}

function forgetWhole(site: Site, trash: Place): void {
  using spot = openSpot(site, trash);
  removeWitness(site.disk, spot.folder, spot.name);
}

function below(folder: RelPath, path: RelPath): RelPath {
  return pathComponents(path).reduce(joinPath, folder);
}

function outcome(site: Site, act: DisplaceAct, putBackPaths: readonly RelPath[]): ActOutcome {
  const stat = statAt(site, placeOf(act.path));
  return { state: "done", stat, putBack: putBackPaths, leftover: stat?.kind === "folder" };
}

/** The known entries go one by one, files before folders; a folder goes only when it is empty (S71). */
async function takePieces(
  site: Site,
  act: DisplaceAct,
  way: "displace" | "settle",
): Promise<ActOutcome> {
  const returned: RelPath[] = [];
  for (const [path, before] of act.known) {
    if (before.kind === "folder") continue;
    const leaf = { ...act, path: below(act.path, path), before };
    const displaced = statAt(site, areaPlace(act.displaceTo, leaf.path)) !== undefined;
    if (displaced && way === "settle") returned.push(...(await settleLeaf(site, leaf)).putBack);
    if (!displaced) returned.push(...(await displaceLeaf(site, leaf)).putBack);
  }
  for (const [path, before] of foldersUpwards(act)) {
    await removeIfEmpty(site, placeOf(below(act.path, path)), before);
  }
  await removeIfEmpty(site, placeOf(act.path), act.before);
  return outcome(site, act, returned);
}

function foldersUpwards(act: DisplaceAct): (readonly [RelPath, LocalExpectation])[] {
  return act.known
    .filter(([, expected]) => expected.kind === "folder")
    .toSorted(([a], [b]) => comparePaths(b, a));
}

/** `rmdir` takes nothing but an empty folder. */
async function removeIfEmpty(site: Site, place: Place, expected: LocalExpectation): Promise<void> {
  if (!(await isStillThere(site, place, expected))) return;
  try {
    using spot = openSpot(site, place);
    site.disk.rmdir(spot.at());
  } catch (error) {
    // Somebody's content is in it, or it has just gone: both are as they should be.
    if (!["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR"].includes(systemCode(error) ?? ""))
      throw error;
    return;
  }
  await syncFolder(site, place.slice(0, -1));
}

/** After a crash: what was taken is verified, what was begun is finished (S74). */
export async function settleDisplacedFolder(site: Site, act: DisplaceAct): Promise<ActOutcome> {
  const place = placeOf(act.path);
  const trash = areaPlace(act.displaceTo, act.path);
  using spot = findSpot(site, trash);
  if (spot?.look() === undefined) return cancelled(statAt(site, place));
  const whole = readWitness(site.disk, spot.folder, spot.name) !== undefined;
  return whole ? await verifyWhole(site, act) : await takePieces(site, act, "settle");
}
