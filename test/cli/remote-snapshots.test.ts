import { rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** A linked workspace in sync; `old` is a thin snapshot of which `a` was changed since in Dropbox. */
async function thinBox(): Promise<Box> {
  const box = new Box();
  await box.expectExit(0, "login", "--local");
  box.write("a", "one");
  box.write("d/b", "two");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--remote", "--label", "old");
  box.write("a", "another");
  await box.expectExit(0, "sync");
  return box;
}

test("N40, N41: a thin snapshot is told as such, and what it lacks with what to do", async () => {
  using box = await thinBox();
  const day = /needs Dropbox until \d{4}-\d\d-\d\d/;
  expect((await box.expectExit(0, "list")).stdout).toMatch(day);
  const { stdout } = await box.expectExit(0, "show", "old");
  expect(stdout).toContain("what Dropbox held");
  expect(stdout).toMatch(
    /thin: some of it is only in Dropbox, needs Dropbox until \d{4}-\d\d-\d\d/,
  );
  const listed = await box.expectExit(0, "ls", "old", "-R");
  expect(listed.stdout).toContain("d/b  (only in Dropbox)");
  expect(listed.stderr).toMatch(
    /The content of 2 files is only in Dropbox, .*snap hydrate [0-9a-f]{8}/,
  );
  const { events } = await box.expectExit(0, "ls", "old", "--json");
  expect(events.at(-1)).toMatchObject({ thin: 1, expires: expect.stringMatching(/Z$/) });
  const cat = await box.expectExit(4, "cat", "old", "a");
  expect(cat.stderr).toContain('The content of "a" is only in Dropbox');
  expect(cat.stderr).toMatch(/`snap hydrate [0-9a-f]{8}` fetches it/);
  const exported = await box.expectExit(4, "export", "old", path.join(box.top, "old.tar"));
  expect(exported.stdout).toContain("`snap hydrate` fetches it");
  expect((await box.expectExit(0, "diff", "old", "remote")).stdout).toContain("M a");
  const checked = await box.expectExit(0, "show", "old", "--check", "--json");
  expect(checked.events.at(-1)).toMatchObject({ check: { held: 0, current: 1, kept: 1, gone: 0 } });
});

test("N42: hydrate fetches by revision what the store lacks, and the thin snapshot is not needed any more", async () => {
  using box = await thinBox();
  const dry = await box.expectExit(0, "hydrate", "old", "--dry-run", "--json");
  expect(dry.events.at(-1)).toMatchObject({ fetch: { files: 2, bytes: 6, calls: 2 } });
  const { stdout } = await box.expectExit(0, "hydrate", "old");
  expect(stdout).toContain("All of it is in the store; snapshot");
  expect((await box.expectExit(0, "cat", "old", "a")).stdout).toBe("one");
  const { events } = await box.expectExit(0, "show", "old", "--json");
  expect(events[0]).toMatchObject({ completeness: "full", cursor: expect.any(String) });
  expect(events[0]).not.toHaveProperty("expires");
  await box.expectExit(0, "verify", "old", "--level", "2");
  expect((await box.expectExit(0, "hydrate", "old")).stdout).toContain("has all of its content");
  await box.expectExit(0, "restore", "old", "a", "--yes");
  expect(box.read("a")).toBe("one");
  const local = await box.expectExit(0, "capture");
  const id = /Snapshot ([0-9a-f]{8})/.exec(local.stdout)?.[1] ?? "";
  expect((await box.expectExit(0, "hydrate", id)).stdout).toContain("has all of its content");
});

test("N40: content that a later capture of the workspace brings is read from the store", async () => {
  using box = await thinBox();
  box.write("copy", "one");
  await box.expectExit(0, "capture");
  expect((await box.expectExit(0, "cat", "old", "a")).stdout).toBe("one");
  const checked = await box.expectExit(0, "show", "old", "--check", "--json");
  expect(checked.events.at(-1)).toMatchObject({ check: { held: 2, current: 0, kept: 0, gone: 0 } });
  const dry = await box.expectExit(0, "hydrate", "old", "--dry-run", "--json");
  expect(dry.events.at(-1)).toMatchObject({ fetch: { files: 0, bytes: 0 } });
  await box.expectExit(0, "restore", "old", "a", "--yes");
  expect(box.read("a")).toBe("one");
});

test("N42: capture --remote --hydrate takes the thin snapshot and its content at once", async () => {
  using box = await thinBox();
  const { events } = await box.expectExit(0, "capture", "--remote", "--hydrate", "--json");
  expect(events.find(({ type }) => type === "captured")).toMatchObject({ completeness: "thin" });
  expect(events.at(-1)).toMatchObject({ command: "capture", completeness: "full", missing: 0 });
  const again = await box.expectExit(0, "capture", "--remote", "--hydrate");
  expect(again.stdout).toContain("Nothing changed since snapshot");
  const dry = await box.expectExit(0, "capture", "--remote", "--dry-run");
  expect(dry.stdout).toContain("2 files, 10 B in Dropbox would be captured.");
});

test("N40: without a link, a login or words that fit, nothing is captured and it is said why", async () => {
  using box = await thinBox();
  await box.expectExit(2, "capture", "--hydrate");
  rmSync(path.join(box.home, "secrets"), { recursive: true });
  const { stderr } = await box.expectExit(7, "hydrate", "old");
  expect(stderr).toContain("snap login");
  expect((await box.expectExit(0, "list", "--json")).events).toHaveLength(2);
  await box.expectExit(7, "capture", "--remote");
  using other = new Box();
  other.write("a", "1");
  const unlinked = await other.expectExit(7, "capture", "--remote");
  expect(unlinked.stderr).not.toBe("");
});

test("N40: a folder of the account is captured without a workspace, in whatever case it is named", async () => {
  using box = await thinBox();
  const cwd = box.top;
  const run = async (code: number, ...words: readonly string[]) => {
    const ended = await box.snap(words, { cwd });
    expect(ended.code, `${words.join(" ")}\n${ended.stderr}`).toBe(code);
    return ended;
  };
  const { events } = await run(0, "capture", "--remote", "w/d", "--label", "folder", "--json");
  expect(events.at(-1)).toMatchObject({ side: "remote", completeness: "thin", created: true });
  const again = await run(0, "capture", "--remote", "/W/D", "--hydrate");
  expect(again.stdout).toContain("All of it is in the store");
  expect((await run(0, "cat", "folder", "b")).stdout).toBe("two");
  expect((await run(2, "capture", "--remote", "/nowhere")).stderr).toContain(
    'There is no folder "/nowhere" in Dropbox',
  );
  // The workspace has its own snapshots only.
  expect((await box.expectExit(0, "list")).stdout).not.toContain("folder");
  expect((await box.expectExit(0, "list", "--all-workspaces")).stdout).toContain("folder");
});
