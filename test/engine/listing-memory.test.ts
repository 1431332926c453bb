import { expect, test } from "vitest";
import type { RemoteChange } from "../../src/core/tree/remote-item.ts";
import { observeRemote } from "../../src/engine/listing/observe-remote.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { heldBytes } from "../support/heap.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";
import { folder, item, refused } from "./remote-pages.ts";

const mebibyte = 1024 * 1024;

/** A folder with so many files, each with a text of its own that only the index may keep. */
function manyIn(path: string, count: number): RemoteChange[] {
  const files = Array.from({ length: count }, (_, file) =>
    item(`${path}/${file} ${"x".repeat(100)}`, `${path}${file}`),
  );
  return [folder(path, `id:${path}`), ...files];
}

/** Lets the server say pages that are made when they are asked for, and looks at them. */
async function look(
  workspace: LinkedWorkspace,
  count: number,
  page: (at: number) => Promise<RemoteChange[]>,
): Promise<void> {
  workspace.deps.remote.pages = async function* (cursor) {
    for (let at = 0; at < count; at += 1) {
      const changes = await page(at);
      const restart = cursor === undefined && at === 0;
      yield { changes, cursor: `c${at}`, complete: at === count - 1, restart };
    }
  };
  await observeRemote(workspace.deps, await loadScope(workspace.deps), {});
}

test("X13, S107: of a listing no page is held longer than until the next one was applied", async () => {
  await using workspace = await LinkedWorkspace.open();
  const given: WeakRef<RemoteChange[]>[] = [];
  const heldAtOnce: number[] = [];
  await look(workspace, 6, async (at) => {
    await heldBytes();
    heldAtOnce.push(given.filter((page) => page.deref() !== undefined).length);
    const changes = manyIn(`d${at}`, 500);
    given.push(new WeakRef(changes));
    return changes;
  });
  expect(heldAtOnce).toHaveLength(6);
  expect(Math.max(...heldAtOnce)).toBeLessThanOrEqual(1);
  expect(workspace.index.remote.count()).toBe(6 * 501);
}, 120_000);

test("X13, S107: a page of 100,000 entries leaves nothing behind in memory, taken or refused", async () => {
  await using workspace = await LinkedWorkspace.open();
  await look(workspace, 1, async () => manyIn("a", 100));
  const before = await heldBytes();
  await look(workspace, 1, async () => manyIn("d", 100_000));
  expect(workspace.index.remote.count()).toBe(100_102);
  expect(await heldBytes()).toBeLessThan(before + 8 * mebibyte);
  const bad = (): RemoteChange[] =>
    Array.from({ length: 100_000 }, (_, file) => refused(`bad/${file}${"x".repeat(100)}`));
  await look(workspace, 1, async () => bad());
  expect(await heldBytes()).toBeLessThan(before + 8 * mebibyte);
}, 240_000);
