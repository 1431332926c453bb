import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { SnapshotId, SnapshotRoot } from "../core/snapshot/root.ts";
import type { VerifyEvent, VerifyOptions } from "../core/snapshot/store-request.ts";
import { SnapError, isSnapError, throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { readEntries } from "./manifest-store.ts";
import { loadPacks } from "./packs.ts";
import type { Packs } from "./packs.ts";
import { encodeRoot } from "../core/snapshot/root.ts";
import { readRoot, rootNames } from "./root-files.ts";
import type { StoreFiles } from "./store-files.ts";
import { verifyBlocks } from "./verify-blocks.ts";
import { VerifyFindings } from "./verify-findings.ts";
import { ManifestVerifier } from "./verify-manifests.ts";
import { verifyPacks } from "./verify-packs.ts";
import { VerifyScope } from "./verify-scope.ts";

/** The files of the store to verify, and a log. */
export type VerifyParts = { readonly files: StoreFiles; readonly logger: Logger };

/**
 * Prove the store or one snapshot, levels 0 to 2 (N50). What is sound is told as it is found; damage at the end, when
 * the paths that it hits are known. Nothing is changed but sidecars that had to be made again.
 *
 * @throws {SnapError} `snapshot-not-found`; `interrupted`; never for damage
 */
export async function* verifyStore(
  parts: VerifyParts,
  options: VerifyOptions,
): AsyncGenerator<VerifyEvent> {
  const packs = await loadPacks(parts.files, parts.logger);
  if (options.entries === undefined) yield* verifySnapshots(parts, packs, options);
  else yield* verifyBlocks(packs.data, options.entries, options);
}

async function* verifySnapshots(
  { files }: VerifyParts,
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
  if (options.level > 0) yield* verifyPacks({ files, packs, scope, findings, options });
  if (!findings.isEmpty) await findings.trace(entriesOfAll(packs, roots));
  yield* findings.events();
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

/** Entries of all snapshots as far as they can be read: what cannot is among the findings already. */
async function* entriesOfAll(
  packs: Packs,
  roots: readonly SnapshotRoot[],
): AsyncGenerator<SnapshotEntry> {
  for (const root of roots) {
    try {
      yield* readEntries(packs.meta.reader, root);
    } catch (error) {
      if (!isSnapError(error, "damaged")) throw error;
    }
  }
}
