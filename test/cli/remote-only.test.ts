import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** A linked workspace in sync with `/w`, changed on both sides since the snapshot `old` of the disk. */
async function changedBox(): Promise<Box> {
  const box = new Box();
  await box.expectExit(0, "login", "--local");
  box.write("a", "1");
  box.write("d/b", "2");
  box.write("turn", "a file");
  box.write("gone/away", "4");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "old");
  box.write("a", "9");
  box.write("new/deep/c", "5");
  box.remove("turn");
  box.write("turn/below", "6");
  box.remove("gone");
  await box.expectExit(0, "sync");
  return box;
}

const there = ["--remote-only", "--remote", "/w"] as const;

/** What the folder holds in Dropbox, by a copy of its snapshot. */
async function held(box: Box): Promise<Readonly<Record<string, string>>> {
  const label = `look-${Math.trunc(performance.now() * 1000)}`;
  await box.expectExit(0, "capture", "--remote", "/w", "--hydrate", "--force", "--label", label);
  const { events } = await box.expectExit(0, "ls", label, "-R", "--all-workspaces", "--json");
  const files = events.filter((event) => event["entryType"] === "file" || event["kind"] === "file");
  expect(files.length, JSON.stringify(events.slice(0, 3))).toBeGreaterThan(0);
  const contents: Record<string, string> = {};
  for (const { path } of files) {
    if (typeof path !== "string") continue;
    contents[path] = (await box.expectExit(0, "cat", label, path, "--all-workspaces")).stdout;
  }
  return contents;
}

const old = { a: "1", "d/b": "2", turn: "a file", "gone/away": "4" };
const present = { a: "9", "d/b": "2", "new/deep/c": "5", "turn/below": "6" };

test("T28: a folder of Dropbox is restored alone; the disk follows by a sync, and the safety snapshot takes it back", async () => {
  using box = await changedBox();
  const local = box.tree();
  const { events, stdout } = await box.expectExit(0, "restore", "old", ...there, "--yes", "--json");
  expect(stdout).toContain('"type":"saved"');
  const [warned] = events.filter(({ type }) => type === "warning");
  expect(warned?.["message"]).toContain(`"${box.workspace}" is linked to "/w"`);
  expect(events.at(-1)).toMatchObject({ state: "done", reverted: 2, uploadedBytes: 6, left: [] });
  expect(box.tree()).toEqual(local);
  expect(await held(box)).toEqual(old);
  const safety = String(events.at(-1)?.["safety"]);
  const back = ["restore", safety, ...there, "--delete", "--all-workspaces"] as const;
  await box.expectExit(0, ...back, "--yes");
  expect(await held(box)).toEqual(present);
  await box.expectExit(0, "restore", "old", ...there, "--yes");
  await box.expectExit(0, "sync");
  expect(box.tree()).toEqual(old);
});

test("T9, T28: nothing is changed by a plan alone, and its digest is agreed to", async () => {
  using box = await changedBox();
  const dry = await box.expectExit(0, "restore", "old", ...there, "--dry-run", "--json");
  const plan = dry.events.find(({ type }) => type === "plan");
  expect(plan).toMatchObject({ remote: { create: 2, replace: 2, delete: 4 } });
  const shown = await box.expectExit(3, "restore", "old", ...there);
  expect(shown.stdout).toContain(`Plan ${String(plan?.["digest"]).slice(0, 12)}`);
  expect(shown.stdout).not.toContain("local");
  await box.expectExit(3, "restore", "old", ...there, "--plan", "0".repeat(12));
  expect(await held(box)).toEqual(present);
  await box.expectExit(0, "restore", "old", ...there, "--plan", String(plan?.["digest"]));
  expect(await held(box)).toEqual(old);
  const again = await box.expectExit(0, "restore", "old", ...there, "--json");
  expect(again.events.at(-1)).toMatchObject({ safety: null, counts: { keep: 6 } });
});

test("T10, T28: with PATHs nothing is removed, and content that Dropbox never had is uploaded from the store", async () => {
  using box = await changedBox();
  box.write("mine", "only here");
  await box.expectExit(0, "capture", "--label", "mine");
  const { events } = await box.expectExit(
    0,
    "restore",
    "mine",
    "mine",
    ...there,
    "--yes",
    "--json",
  );
  expect(events.at(-1)).toMatchObject({ uploadedBytes: 9, reverted: 0, safety: null });
  expect(await held(box)).toEqual({ ...present, mine: "only here" });
  const wrong = await box.expectExit(2, "restore", "old", "nowhere", ...there, "--yes");
  expect(wrong.stderr).toContain('holds no "nowhere"');
});

test("T28: words that do not fit are refused, and a folder that is not there is said to be missing", async () => {
  using box = await changedBox();
  await box.expectExit(2, "restore", "old", "--remote-only", "--yes");
  await box.expectExit(2, "restore", "old", "--remote", "/w", "--yes");
  await box.expectExit(2, "restore", "old", ...there, "--to", box.top);
  await box.expectExit(2, "restore", "old", ...there, "--server-side", "large");
  await box.expectExit(2, "restore", "old", ...there, "--procedure", "documented");
  await box.expectExit(2, "restore", ...there);
  const missing = await box.expectExit(
    2,
    "restore",
    "old",
    "--remote-only",
    "--remote",
    "/no",
    "--yes",
  );
  expect(missing.stderr).toContain('There is no folder "/no" in Dropbox');
});

test("T28: a folder whose name means something to a shell is named so that it can be pasted", async () => {
  using box = new Box();
  await box.expectExit(0, "login", "--local");
  box.write("a", "1");
  const name = "/x$(touch gone) 'y";
  await box.expectExit(0, "link", box.workspace, name);
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "old");
  box.write("a", "2");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "unlink");
  const words = ["--remote-only", "--remote", name, "--all-workspaces", "--yes"] as const;
  const { stdout, stderr } = await box.expectExit(0, "restore", "old", ...words);
  expect(stdout).toContain(String.raw`--remote '/x$(touch gone) '\''y' --delete`);
  expect(stderr).not.toContain("is linked to");
});
