import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { previewSync, type PreviewOp } from "../../src/app/preview.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { turn } from "../../src/std/turn.ts";
import { LinkedHome } from "./linked-home.ts";

test("S52: what a sync would do is told one after the other, each when the one before was taken, and counted", async () => {
  await using home = await LinkedHome.open({ "d/a": "1", b: "2" });
  const { environment, place } = home;
  await syncWorkspace(environment, place, {});
  home.write("new", "3");
  home.write("b", "edited");
  await home.withCloud((side) => side.makeFolder(parseRelPath("w/there")));
  const told: PreviewOp[] = [];
  let isTaking = false;
  const { count, left } = await previewSync(environment, place, {
    onOp: async (op) => {
      expect(isTaking).toBe(false);
      isTaking = true;
      await turn();
      told.push(op);
      isTaking = false;
    },
  });
  expect(told).toEqual([
    { side: "local", does: "folder", path: "there" },
    { side: "remote", does: "upload", path: "new" },
    { side: "remote", does: "upload", path: "b" },
  ]);
  expect([count, left]).toEqual([3, []]);
});

test("S52: a slow reader of what a sync would do keeps nobody from the workspace, and hears of each op once", async () => {
  await using home = await LinkedHome.open({});
  const { environment, place } = home;
  // More than stays in memory.
  const names = Array.from({ length: 2_500 }, (_, index) => `n${index} é"`);
  for (const name of names) home.write(name, "");
  const told: string[] = [];
  let inBetween: number | undefined;
  await previewSync(environment, place, {
    onOp: async ({ path }) => {
      told.push(path);
      if (told.length === 2) inBetween = (await syncWorkspace(environment, place, {})).exit;
    },
  });
  expect(inBetween).toBe(0);
  expect(told.toSorted()).toEqual(names.toSorted());
});
