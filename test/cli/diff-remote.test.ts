import { renameSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

test("N50: a snapshot is compared with Dropbox by content, and nothing is downloaded", async () => {
  using box = new Box();
  box.write("Docs/é.txt", "one");
  box.write("Docs/b.txt", "same");
  box.write(".mignore", "*.log\n");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "good");
  const changes = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await box.expectExit(0, "diff", "good", "remote", ...words)).stdout.trim().split("\n");
  expect(await changes()).toEqual(["No difference."]);

  box.write("Docs/é.txt", "two");
  box.write("new/c.txt", "new");
  box.write("x.log", "ignored");
  renameSync(path.join(box.workspace, "Docs/b.txt"), path.join(box.workspace, "moved.txt"));
  expect(await changes()).toEqual(["No difference."]);
  await box.expectExit(0, "sync");
  expect(await changes()).toEqual([
    "M Docs/é.txt",
    "+ new",
    "R Docs/b.txt -> moved.txt",
    "+ new/c.txt",
    "4 differences.",
  ]);
  expect(await changes("Docs")).toEqual(["M Docs/é.txt", "- Docs/b.txt", "2 differences."]);
  expect(await changes("new/c.txt")).toEqual(["+ new/c.txt", "1 difference."]);
  expect(await changes("nowhere")).toEqual(["No difference."]);

  const { events } = await box.snap(["verify", "good", "--level", "4", "--json"]);
  const cloud = events.filter((event) => event["side"] === "cloud");
  expect(cloud.map((event) => `${String(event["path"])} ${String(event["reason"])}`)).toEqual([
    'Docs/b.txt is now at "moved.txt"',
    "new/c.txt is not in the snapshot",
  ]);
  // What it was is still there as a revision.
  const held = events.filter((event) => event["type"] === "held");
  expect(held.map((event) => event["path"])).toEqual(["Docs/é.txt"]);
  expect(events.at(-1)).toMatchObject({ exit: 5, held: 1 });
});

test("a workspace without a link has no remote side to compare with", async () => {
  using box = new Box();
  box.write("a", "1");
  await box.expectExit(0, "capture", "--label", "good");
  const { stderr } = await box.expectExit(7, "diff", "good", "remote");
  expect(stderr).toContain("is not linked");
});
