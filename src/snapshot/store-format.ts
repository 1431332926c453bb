import { hash } from "node:crypto";
import {
  CheckedRecord,
  canonicalJson,
  damagedError,
  textFromBytes,
} from "../core/snapshot/checked-json.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import { randomHex } from "../std/random.ts";
import type { Rng } from "../std/random.ts";
import { recoveryText } from "./recovery-text.ts";
import { storeFolders } from "./store-files.ts";
import type { StoreFiles } from "./store-files.ts";

const documentName = "STORE.json";
const readmeName = "README.txt";
const documentBytesMax = 64 * 1024;
const storeFormat = 1;

/** What a program wants to do with a store; each needs features of its own (N13). */
export type StoreUse = "read" | "write" | "prune";

/** Features this program knows beyond format 1: none yet. */
const knownFeatures: readonly string[] = [];

/**
 * Check that the store can be used, reading only.
 *
 * @returns whether there is a store at all: a folder without `STORE.json` and without snapshots is none yet
 * @throws {SnapError} `version-too-new` for a format or feature of a later program (N13); `damaged`
 */
export async function checkFormat(files: StoreFiles, use: StoreUse): Promise<boolean> {
  const bytes = await files.get(documentName, documentBytesMax);
  if (bytes !== undefined) {
    checkReadable(files, bytes, use);
    await requireRoots(files);
    return true;
  }
  const roots = await files.list("roots");
  if (roots.length === 0) return false;
  throw withoutDocument(files, `The snapshot store "${files.top}" has lost its ${documentName}`);
}

/** `STORE.json` comes last, so the folder was there: without it every pack would look like one that no snapshot needs. */
async function requireRoots(files: StoreFiles): Promise<void> {
  if ((await files.folders("")).includes("roots")) return;
  throw new SnapError("damaged", `The snapshot store "${files.top}" has lost its folder "roots"`, {
    hint: "Every snapshot has a file in it. Put it back from a copy of the store; `mkdir` makes an empty one for a store whose snapshots were all forgotten.",
    path: `${files.top}/roots`,
  });
}

function checkReadable(files: StoreFiles, bytes: Uint8Array, use: StoreUse): void {
  try {
    checkDocument(textFromBytes(bytes, documentName), use);
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    throw withoutDocument(files, error.message, error);
  }
}

/** Nothing of the store can be used through this program, but its snapshots are all there. */
function withoutDocument(files: StoreFiles, message: string, cause?: unknown): SnapError {
  return new SnapError("damaged", message, {
    hint: `The snapshots themselves are not touched. Put ${documentName} back from a copy of the store; without one, "${files.top}/${readmeName}" says how to get every file back by hand, and another folder in the setting store.path begins a new store.`,
    path: `${files.top}/${documentName}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function checkDocument(text: string, use: StoreUse): void {
  const record = CheckedRecord.parse(text, documentName);
  if (
    record.hash("id") !== hash("sha256", record.canonicalWithout("id"), "hex") ||
    text !== record.canonical()
  ) {
    throw damagedError(
      `${documentName} of the snapshot store is damaged: it does not have the hash that it names`,
    );
  }
  const isKnown =
    record.count("format") === storeFormat &&
    record.text("codec") === "zstd" &&
    record.text("cipher") === "none";
  const needed = record.record("features").texts(use);
  const unknown = needed.filter((feature) => !knownFeatures.includes(feature));
  if (isKnown && unknown.length === 0) return;
  const what = isKnown ? `features ${unknown.join(", ")}` : "a format";
  throw new SnapError(
    "version-too-new",
    `The snapshot store needs ${what} of a later version of snap`,
    {
      hint: `Install the version that wrote it: ${record.text("tool")} or later.`,
    },
  );
}

/**
 * Make the parts of the store that are missing: folders, README.txt, STORE.json. The writer's lock is held.
 * `STORE.json` comes last, so that a store that has one is whole.
 */
export async function makeStore(
  files: StoreFiles,
  options: { rng: Rng; tool: string },
): Promise<void> {
  const isThere = await checkFormat(files, "write");
  await files.makeFolders(storeFolders);
  if (isThere) return;
  await files.put(readmeName, Buffer.from(recoveryText));
  const content = {
    format: storeFormat,
    codec: "zstd",
    cipher: "none",
    features: { read: [], write: [], prune: [] },
    nonce: randomHex(options.rng, 16),
    tool: options.tool,
  };
  const id = hash("sha256", canonicalJson(content), "hex");
  await files.put(documentName, Buffer.from(canonicalJson({ ...content, id })));
}
