import type { SnapshotId, SnapshotRoot } from "../core/snapshot/root.ts";
import type { VerifyEvent, VerifyOptions } from "../core/snapshot/store-request.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";
import { recordChecks } from "./checks.ts";
import { readNotes } from "./note-files.ts";
import { loadPacks, newChecks } from "./packs.ts";
import { PackTurn } from "./pack-turn.ts";
import type { Packs } from "./packs.ts";
import { encodeRoot } from "../core/snapshot/root.ts";
import { readRoot, rootNames } from "./root-files.ts";
import type { StoreFiles } from "./store-files.ts";
import { verifyBlocks } from "./verify-blocks.ts";
import { VerifyFindings } from "./verify-findings.ts";
import { ManifestVerifier } from "./verify-manifests.ts";
import { verifyPacks } from "./verify-packs.ts";
import { damagedNotes, noteRecorded } from "./verify-recorded.ts";
import { VerifyScope } from "./verify-scope.ts";
import { usesOf } from "./verify-uses.ts";

/** The files of the store to verify, a log, and the time for what is recorded. */
export type VerifyParts = {
  readonly files: StoreFiles;
  readonly logger: Logger;
  readonly clock: Clock;
};

/**
 * Prove the store or one snapshot, levels 0 to 2 (N50). What is sound is told as it is found; damage at the end, when
 * the paths that it hits are known. Written are only sidecars that had to be made again, and which packs are damaged (N51).
 *
 * @throws {SnapError} `snapshot-not-found`; `interrupted`; never for damage
 */
export async function* verifyStore(
  parts: VerifyParts,
  options: VerifyOptions,
): AsyncGenerator<VerifyEvent> {
  const packs = await loadPacks(parts.files, parts.logger);
  const turn = await turnOf(parts, options);
  try {
    if (options.entries === undefined) yield* verifySnapshots({ ...parts, turn }, packs, options);
    else yield* verifyBlocks(packs.data, options.entries, options);
  } finally {
    await turn?.flush();
    const checks = newChecks(packs).filter(({ pack }) => turn?.hasTaken(pack) !== true);
    await recordChecks(parts, checks);
  }
}

async function turnOf(
  parts: VerifyParts,
  { budgetMs, level, entries }: VerifyOptions,
): Promise<PackTurn | undefined> {
  if (budgetMs === undefined || level === 0 || entries !== undefined) return undefined;
  return await PackTurn.begin(parts, { budgetMs, level });
}

async function* verifySnapshots(
  { files, logger, turn }: VerifyParts & { readonly turn: PackTurn | undefined },
  packs: Packs,
  options: VerifyOptions,
): AsyncGenerator<VerifyEvent> {
  const { signal } = options;
  const findings = new VerifyFindings();
  const scope = options.id === undefined ? VerifyScope.everything() : VerifyScope.nothingYet();
  const manifests = new ManifestVerifier({ packs, scope, findings, signal });
  const roots: SnapshotRoot[] = [];
  for (const name of await namesToVerify(files, options.id)) {
    throwIfAborted(signal);
    const { root, trouble } = await readRoot(files, name);
    if (root === undefined) {
      findings.add({ what: "root", name, reason: trouble.message });
      continue;
    }
    roots.push(root);
    yield {
      type: "checked",
      what: "root",
      name: root.id,
      bytes: Buffer.byteLength(encodeRoot(root)),
    };
    yield* manifests.verify(root);
  }
  if (options.level > 0) yield* verifyPacks({ files, packs, scope, findings, options, turn });
  noteRecorded({ packs, scope, findings }, { level: options.level, turn });
  if (!findings.isEmpty) await findings.trace(usesOf(packs.meta.reader, roots));
  for (const name of findings.dropUnneeded())
    logger.info("something damaged is not needed by any snapshot", { name });
  yield* findings.events();
  yield* damagedNotes(await readNotes(files, logger), roots);
}

async function namesToVerify(
  files: StoreFiles,
  id: SnapshotId | undefined,
): Promise<readonly string[]> {
  const names = await rootNames(files);
  if (id === undefined) return names;
  const chosen = names.filter((name) => name.endsWith(`-${id.slice(0, 16)}.json`));
  if (chosen.length > 0) return chosen;
  throw new SnapError("snapshot-not-found", `No snapshot ${id}`, {
    hint: "`snap list` shows every snapshot.",
    path: id,
  });
}
