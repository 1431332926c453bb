import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type { CopyOutTotals } from "../core/snapshot/copy-out.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { exitOfChecks, type Readiness } from "../core/snapshot/readiness.ts";
import { parseRelPath } from "../core/path/rel-path.ts";
import { selectionOf } from "../core/snapshot/restore-select.ts";
import { Checks, type Looked } from "../restore/checks.ts";
import { SnapError, systemCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { freeBytesAt } from "../snapshot/copy-folder.ts";
import type { SnapshotStore } from "../ports.ts";
import { copySnapshot, type CopyReport, type CopyRequest } from "./copy-out.ts";
import type { Environment } from "./environment.ts";
import { openSnapshot } from "./look.ts";
import type { ReadyWords } from "./ready.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { proveStore, type Damage } from "./verify.ts";

/** What a person asks of `snap verify SNAPSHOT [PATH…] --for-restore --to DIR`. */
export type ReadyCopyWords = Omit<ReadyWords, "onEvent" | "requireQuiet" | "onItem"> &
  Pick<CopyRequest, "to" | "all"> & { readonly onDamage: (damage: Damage) => void };

/** Whether a copy would come off, and of what. */
export type ReadyCopyReport = Omit<Readiness, "plan" | "loses"> & {
  readonly snapshot: string;
  readonly totals: CopyOutTotals | undefined;
};

type Left = Readiness["left"][number];

/**
 * Ask what a copy to a folder asks before it writes (T15, T33): the folder, the room, and every block. Nothing is written.
 *
 * @throws {SnapError} `snapshot-not-found`, `path-missing`, `usage`
 */
export async function verifyForCopy(
  environment: Environment,
  words: ReadyCopyWords,
  work: Work,
): Promise<ReadyCopyReport> {
  const { root } = await openSnapshot(environment, words);
  const checks = new Checks(words.onCheck);
  const left: Left[] = [];
  const request = requestOf(words, left);
  let report: CopyReport | undefined;
  await checks.run("plan", async () => {
    report = await copySnapshot(environment, request, work);
    return { checked: report.files + report.folders + report.links };
  });
  let complete = true;
  await checks.run("blocks", async () => {
    const looked = await readBlocks(environment, words, work);
    complete = looked.complete;
    return looked;
  });
  if (report !== undefined) {
    const { to, bytes } = report;
    await checks.run("space", () => room(to, bytes));
    await checks.run("write", () => requireWritable(to));
  }
  checks.names(left);
  const exit = exitOfChecks({ checks: checks.all, left, complete });
  const ready = exit === 0 || exit === 4;
  return { ready, exit, complete, checks: checks.all, left, snapshot: root.id, totals: report };
}

function requestOf(words: ReadyCopyWords, left: Left[]): CopyRequest {
  return {
    ...words,
    specialModes: false,
    ignored: false,
    dryRun: true,
    onLeft: ({ path, reason }) => left.push({ path, side: "local", reason }),
  };
}

type BlocksLooked = Looked & { readonly complete: boolean };

/** Every block of what is asked for is read, decoded and hashed (N50, level 2). @throws {SnapError} `damaged` */
async function readBlocks(
  environment: Environment,
  words: ReadyCopyWords,
  work: Work,
): Promise<BlocksLooked> {
  const { store, root } = await openSnapshot(environment, words);
  const { paths, budgetMs } = words;
  const entries = paths.length === 0 ? undefined : await selected(store, { root, paths });
  const asked = { root, level: 2, budgetMs, ...(entries === undefined ? {} : { entries }) };
  const proof = await proveStore(store, asked, work);
  for (const damage of proof.damaged) words.onDamage(damage);
  const [first] = proof.damaged;
  const { checked, bytes } = proof;
  if (first === undefined) return { checked, bytes, complete: proof.left === undefined };
  throw new SnapError("damaged", `${first.what} "${first.name}" is damaged: ${first.reason}`, {
    path: first.name,
    hint: "`snap verify` lists all that is damaged, `snap repair` mends what can be had elsewhere.",
  });
}

async function selected(
  store: Pick<SnapshotStore, "entries">,
  { root, paths }: { readonly root: { readonly id: string }; readonly paths: readonly string[] },
): Promise<readonly SnapshotEntry[]> {
  const selection = selectionOf(paths.map(snapshotPath));
  const entries: SnapshotEntry[] = [];
  for await (const entry of store.entries(root.id)) {
    const { path, unit } = entry;
    if (selection.selects(parseRelPath(unit ?? path))) entries.push(entry);
  }
  return entries;
}

/** @throws {SnapError} `refused` */
async function room(to: string, bytes: number): Promise<Looked> {
  const free = freeBytesAt(to);
  if (bytes <= free) return Promise.resolve({ checked: 1, bytes });
  throw new SnapError(
    "refused",
    `"${to}" has no room for this: ${bytes - free} more bytes are needed`,
    {
      path: to,
      hint: "Free some space, name a folder on another disk, or restore some paths only.",
    },
  );
}

/** Of the folder, or the one that it will be made in. @throws {SnapError} `refused` */
function requireWritable(to: string): void {
  const folder = existing(to);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new SnapError("refused", `You may not write to "${folder}"`, {
      path: folder,
      hint: "Name a folder of yours.",
      cause: error,
    });
  }
}

function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}
