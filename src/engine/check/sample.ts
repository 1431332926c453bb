import type { LeftPath } from "../../core/plan/sync-report.ts";
import { comparePaths, type RelPath } from "../../core/path/rel-path.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { isSnapError } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { forEachLimited } from "../../std/limiter.ts";
import { randomFraction } from "../../std/random.ts";
import { isoDate } from "../../std/time.ts";
import { damagedFiles, judgeReread, noteSound, forgetHealed } from "./bit-rot.ts";
import { damageFinding } from "./check.ts";
import { rereadFile } from "./disk.ts";
import { checkRules } from "./index.ts";
import { CheckMarks, forgetFaults } from "./mark.ts";
import { checkItems } from "./server.ts";
import type { EngineDeps } from "../engine-deps.ts";

/** Days in which every file is read once more (S28). */
export const rehashDays = 28;

/** Between two looks through the whole index, ms (S103). */
const wholeIntervalMs = 7 * 24 * 3_600_000;

/** Files that the server is asked about, once a day, each with its folder. */
const askedMax = 20;

/** Of a disk that rots faster than this in a day, the rest is left to `snap check --rehash`. */
const damagedMax = 1_000;

const pageNodes = 512;
const hashParallelMax = 4;

/**
 * What a sync does for the checker when both sides are equal (S103): once a day a part of the files is read again (S28) and the
 * server is asked about a few of them; once a week the index is held against its own rules. On all other occasions it costs two
 * reads of the index.
 *
 * @returns the damaged files that were found just now
 * @throws {SnapError} `interrupted`, and what the index throws; trouble of the line is left to the next day
 */
export async function checkAlong(deps: EngineDeps, work: Work): Promise<readonly LeftPath[]> {
  checkWeekly(deps, work);
  const { index, clock } = deps;
  const today = isoDate(clock.now());
  const [day, last] = index.meta("rehashed_on")?.split(" ") ?? [];
  if (day === today) return [];
  // What was hashed today for the first time needs no second look today.
  const part = day === undefined ? undefined : (Number(last ?? 0) + 1) % rehashDays;
  const found = part === undefined ? [] : await checkPart(deps, part, work);
  index.transaction(() => index.setMeta("rehashed_on", `${today} ${part ?? 0}`));
  return found;
}

function checkWeekly(deps: EngineDeps, { signal }: Work): void {
  const { index, clock } = deps;
  const now = clock.now();
  const last = Number(index.meta("checked_at") ?? Number.NaN);
  // A clock that was set back must not put the check off for ever.
  if (last <= now && now - last < wholeIntervalMs) return;
  const marks = new CheckMarks(deps);
  if (!Number.isNaN(last)) checkRules({ index, signal }, (finding) => marks.add(finding));
  marks.flush();
  if (!Number.isNaN(last)) forgetFaults(index);
  index.transaction(() => index.setMeta("checked_at", String(now)));
}

async function checkPart(deps: EngineDeps, part: number, work: Work): Promise<readonly LeftPath[]> {
  const { index } = deps;
  index.transaction(() => forgetHealed(index));
  const known = new Set(damagedFiles(index).map(({ node }) => node));
  const sample = new Sample(deps);
  const options = { parallel: hashParallelMax, signal: work.signal };
  const shared = { step: "read again", total: undefined, bytes: 0, bytesTotal: undefined };
  let done = 0;
  await forEachLimited(filesOf(index, part), options, async (node) => {
    sample.offer(node);
    await readAgain(deps, node, work);
    done += 1;
    work.onProgress?.({ ...shared, done });
  });
  await askAbout(deps, sample.nodes);
  return damagedFiles(index).flatMap(({ node, left }) => (known.has(node) ? [] : [left]));
}

function* filesOf(index: IndexStore, part: number): Generator<NodeId> {
  const before = index.care.damaged().length;
  for (let after = 0; index.care.damaged().length - before < damagedMax;) {
    const page = index.care.trustedFiles({ part, of: rehashDays }, after, pageNodes);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageNodes) return;
    after = last;
  }
}

/** Trouble with a file is for the next look at the disk to tell. */
async function readAgain(deps: EngineDeps, node: NodeId, work: Work): Promise<void> {
  const { index } = deps;
  const path = pathOf(index.local, node);
  const row = index.local.get(node);
  if (path === undefined || row === undefined) return;
  const read = await rereadFile(deps, { node, path }, work);
  if (typeof read === "string") return;
  const verdict = judgeReread(index, read);
  if (verdict === "as-known") return noteSound(index, read);
  if (verdict === "changed") return;
  const marks = new CheckMarks(deps);
  if (verdict === "damaged") return marks.addDamage(damageFinding(deps, read), read);
  const what = "is remembered with another hash than its bytes have";
  marks.add({ kind: "broken", side: "disk", path, what, node });
  marks.flush();
}

/** A fair choice of a few out of a stream of unknown length (reservoir sampling). */
class Sample {
  readonly nodes: NodeId[] = [];
  readonly #deps: EngineDeps;
  #offered = 0;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  offer(node: NodeId): void {
    this.#offered += 1;
    if (this.nodes.length < askedMax) {
      this.nodes.push(node);
      return;
    }
    const at = Math.floor(randomFraction(this.#deps.rng) * this.#offered);
    if (at < askedMax) this.nodes[at] = node;
  }
}

/** Ask the server about files and the folders that they are in. */
async function askAbout(deps: EngineDeps, files: readonly NodeId[]): Promise<void> {
  const { index, remote, logger } = deps;
  if (index.meta("cursor") === undefined) return;
  const nodes = new Set(
    files.flatMap((node) => [node, index.remote.get(node)?.parent ?? rootNode]),
  );
  const marks = new CheckMarks(deps);
  try {
    const items: (readonly [RemoteEntry, RemoteItem | undefined])[] = [];
    for (const { row, path } of rowsOf(index, nodes)) items.push([row, await remote.get(path)]);
    await checkItems(deps, items, (finding) => marks.add(finding));
  } catch (error) {
    // The sync itself has come to its end: whom the line fails now is asked another day.
    if (!isSnapError(error) || error.class === "systemic") throw error;
    logger.info("the server could not be asked about a sample", { reason: error.message });
  }
  marks.flush();
}

/** Folders before what is in them. */
function rowsOf(index: IndexStore, nodes: ReadonlySet<NodeId>): readonly Asked[] {
  const asked = [...nodes].flatMap((node): Asked[] => {
    const row = index.remote.get(node);
    const path = row === undefined ? undefined : pathOf(index.remote, node);
    return row?.scope !== "in" || path === undefined || row.remoteId === "" ? [] : [{ row, path }];
  });
  return asked.toSorted((a, b) => comparePaths(a.path, b.path));
}

type Asked = { readonly row: RemoteEntry; readonly path: RelPath };
