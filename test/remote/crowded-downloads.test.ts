import { expect, test } from "vitest";
import { present } from "../../src/std/assert.ts";
import { linkedServer, type Linked } from "./linked.ts";
import { mebi } from "./large.ts";

/** A revision of zeros as large as its last digits say, in MiB. */
const revOf = (name: string, size: number): string => `${name}00000000${size}`;

/** Answers for revisions of zeros, and notes what was asked of which. */
function serveZeros(linked: Linked): ReadonlyMap<string, readonly string[]> {
  const asked = new Map<string, string[]>();
  linked.intercept = async ({ route, init }, pass) => {
    if (route !== "files/download") return pass();
    const headers = new Headers(init?.headers);
    const rev = /rev:(\w+)/u.exec(headers.get("dropbox-api-arg") ?? "")?.[1] ?? "";
    const size = Number(rev.slice(9)) * mebi;
    const range = headers.get("range") ?? `bytes=0-${size - 1}`;
    asked.set(rev, [...(asked.get(rev) ?? []), range]);
    const [from = 0, last = 0] = range.slice("bytes=".length).split("-").map(Number);
    return new Response(zeros(last + 1 - from), {
      status: headers.has("range") ? 206 : 200,
      headers: {
        "dropbox-api-result": JSON.stringify({ name: "n", id: "id:n", rev, size }),
        "content-range": `bytes ${from}-${last}/${size}`,
      },
    });
  };
  return asked;
}

function zeros(count: number): ReadableStream<Uint8Array> {
  let left = count;
  return new ReadableStream({
    pull(controller) {
      const piece = new Uint8Array(Math.min(left, mebi));
      left -= piece.length;
      if (piece.length > 0) controller.enqueue(piece);
      else controller.close();
    },
  });
}

/** Downloads that have begun and wait. */
async function begun(
  linked: Linked,
  names: readonly string[],
): Promise<readonly AsyncIterator<Uint8Array>[]> {
  const downloads = names.map((name) =>
    linked.remote.download(revOf(name, 9), 0, { size: 9 * mebi })[Symbol.asyncIterator](),
  );
  for (const download of downloads) await download.next();
  return downloads;
}

async function sizeOf(
  bytes: AsyncIterable<Uint8Array>,
  onBytes?: (total: number) => Promise<void>,
) {
  let total = 0;
  for await (const chunk of bytes) {
    expect(chunk.some((byte) => byte !== 0)).toBe(false);
    total += chunk.length;
    await onBytes?.(total);
  }
  return total;
}

test("S66: among many large files each comes by one request", async () => {
  await using linked = await linkedServer();
  const asked = serveZeros(linked);
  const others = await begun(linked, ["a", "b", "c", "d"]);
  const rev = revOf("e", 200);
  expect(await sizeOf(linked.remote.download(rev, 0, { size: 200 * mebi }))).toBe(200 * mebi);
  expect(asked.get(rev)).toEqual([`bytes=0-${200 * mebi - 1}`]);
  for (const other of others) await other.return?.();
});

test("S66: the last of many large files goes on side by side", async () => {
  await using linked = await linkedServer();
  const asked = serveZeros(linked);
  const others = await begun(linked, ["a", "b", "c"]);
  const rev = revOf("e", 140);
  const size = 140 * mebi;
  const end = async (total: number): Promise<void> => {
    if (total > 10 * mebi) for (const other of others) await other.return?.();
  };
  expect(await sizeOf(linked.remote.download(rev, 0, { size }), end)).toBe(size);
  const ranges = present(asked.get(rev), "its requests");
  expect(ranges.slice(0, 3)).toEqual([
    `bytes=0-${size - 1}`,
    `bytes=${64 * mebi}-${68 * mebi - 1}`,
    `bytes=${68 * mebi}-${72 * mebi - 1}`,
  ]);
  expect(ranges).toHaveLength(1 + 76 / 4);
});
