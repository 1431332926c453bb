import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { VerifyEvent, VerifyOptions } from "../core/snapshot/store-request.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { Gate, mapInOrder } from "./in-order.ts";
import type { Shelf } from "./packs.ts";

const blocksAtOnce = 4;

/**
 * Decode and hash every block of some entries, as a restore will need them: a block counts as sound when any pack has
 * it sound. Packs are read front to back.
 */
export async function* verifyBlocks(
  data: Shelf,
  entries: Iterable<SnapshotEntry>,
  options: VerifyOptions,
): AsyncGenerator<VerifyEvent> {
  const paths = pathsByBlock(entries);
  const blocks = inPackOrder(data, [...paths.keys()]);
  const gate = new Gate(blocksAtOnce);
  let done = 0;
  let bytes = 0;
  const checked = mapInOrder(toAsync(blocks), (block) =>
    gate.run(() => checkBlock(data, block, options.signal)),
  );
  for await (const event of checked) {
    done += 1;
    bytes += event.bytes;
    options.onProgress?.({
      step: "verify",
      done,
      total: blocks.length,
      bytes,
      bytesTotal: undefined,
    });
    const { name, reason } = event;
    if (reason === undefined) yield { type: "checked", what: "block", name, bytes: event.bytes };
    else yield { type: "damaged", what: "block", name, reason, paths: paths.get(name) ?? [] };
  }
}

type CheckedBlock = { readonly name: string; readonly bytes: number; readonly reason?: string };

async function checkBlock(
  data: Shelf,
  block: string,
  signal: AbortSignal | undefined,
): Promise<CheckedBlock> {
  throwIfAborted(signal);
  try {
    const { length } = await data.reader.read(block);
    return { name: block, bytes: length };
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return { name: block, bytes: 0, reason: error.message };
  }
}

function pathsByBlock(entries: Iterable<SnapshotEntry>): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  for (const { path, blocks } of entries) {
    for (const block of blocks ?? []) {
      const known = paths.get(block);
      if (known === undefined) paths.set(block, [path]);
      else if (known.at(-1) !== path) known.push(path);
    }
  }
  return paths;
}

function inPackOrder({ catalogue }: Shelf, blocks: readonly string[]): readonly string[] {
  return blocks
    .map((block) => ({ block, place: catalogue.index.find(block) }))
    .toSorted((a, b) => {
      const packs = compareTexts(a.place?.pack ?? "", b.place?.pack ?? "");
      return packs === 0 ? (a.place?.frame.offset ?? 0) - (b.place?.frame.offset ?? 0) : packs;
    })
    .map(({ block }) => block);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

async function* toAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
