import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { BlockIndex } from "../../../src/core/snapshot/block-index.ts";
import { ContentIndex } from "../../../src/core/snapshot/content-index.ts";
import { PackIndex } from "../../../src/core/snapshot/pack-index.ts";
import { blockBytes, contentHashOfBlocks } from "../../../src/core/tree/content-hash.ts";
import { atOnce } from "../../../src/std/steps.ts";

const hashOf = (name: string | number): string =>
  createHash("sha256").update(String(name)).digest("hex");

function packOf(blocks: readonly (readonly [string, number])[]): PackIndex {
  const entries = blocks.map(([hash, length]) => ({ hash, frame: 0, offset: 0, length }));
  return atOnce(
    PackIndex.of({
      packLength: 100,
      frames: [{ offset: 0, length: 100, rawLength: blockBytes }],
      entries,
    }),
  );
}

test("N40: a content is found by its hash and size, and nothing else is", () => {
  const index = new BlockIndex();
  const [one, two, short] = [hashOf(1), hashOf(2), hashOf(3)];
  const blocks = [
    [one, blockBytes],
    [two, blockBytes],
    [short, 7],
  ] as const;
  index.addPack("data/00/a", packOf(blocks));
  const contents = new ContentIndex(index);
  const long = [one, two, short];
  contents.add(contentHashOfBlocks(long), long);
  contents.add(contentHashOfBlocks(long), long);
  contents.add(contentHashOfBlocks([short]), [short]);
  const odd = [short, one];
  contents.add(contentHashOfBlocks(odd), odd);
  const lost = [one, hashOf("in no pack")];
  contents.add(contentHashOfBlocks(lost), lost);
  expect(contents.count).toBe(3);
  const size = 2 * blockBytes + 7;
  expect(contents.find(contentHashOfBlocks(long), size)).toEqual(long);
  expect(contents.find(contentHashOfBlocks(long), size - 1)).toBeUndefined();
  expect(contents.find(contentHashOfBlocks([short]), 7)).toEqual([short]);
  expect(contents.find(contentHashOfBlocks(odd), blockBytes + 7)).toBeUndefined();
  expect(contents.find(contentHashOfBlocks(lost), blockBytes * 2)).toBeUndefined();
  expect(contents.find(hashOf("never"), 7)).toBeUndefined();
});

test("N6: a hundred thousand contents are all found, at 40 bytes each", () => {
  const index = new BlockIndex();
  const count = 100_000;
  const blocks = Array.from({ length: count }, (_, at) => [hashOf(at), 5] as const);
  for (let at = 0; at < count; at += 10_000) {
    index.addPack(`data/00/${at}`, packOf(blocks.slice(at, at + 10_000)));
  }
  const contents = new ContentIndex(index);
  for (const [hash] of blocks) contents.add(contentHashOfBlocks([hash]), [hash]);
  expect(contents.count).toBe(count);
  const wrong = blocks.filter(
    ([hash]) => contents.find(contentHashOfBlocks([hash]), 5)?.[0] !== hash,
  );
  expect(wrong).toEqual([]);
});
