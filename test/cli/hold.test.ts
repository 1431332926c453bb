import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** A synced workspace of 80 files, 60 of which have just been removed here. */
async function emptied(): Promise<Box> {
  const box = new Box();
  for (let file = 0; file < 80; file += 1) box.write(`d/${file}`, `content ${file}`);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  for (let file = 0; file < 60; file += 1) box.remove(`d/${file}`);
  return box;
}

function digestIn(text: string): string {
  return /snap confirm ([0-9a-f]{12})/.exec(text)?.[1] ?? "none";
}

test("S80: a mass delete is held, shown everywhere with its digest, and let pass by snap confirm, once", async () => {
  using box = await emptied();
  const preview = await box.expectExit(0, "sync", "--dry-run");
  expect(preview.stdout).toContain("would delete 60 items in Dropbox");
  const synced = await box.expectExit(3, "sync");
  expect(synced.stdout).toMatch(/held .* d: would delete 60 items in Dropbox \(74 % of all\)/);
  const digest = digestIn(synced.stdout);
  expect(digest).toBe(digestIn(preview.stdout));
  const status = await box.expectExit(3, "status");
  expect(digestIn(status.stdout)).toBe(digest);
  const list = await box.expectExit(0, "hold", "list");
  expect(list.stdout).toContain(`${digest}  mass-delete`);
  expect(list.stdout).toContain("… and 40 more");
  const all = await box.expectExit(0, "hold", "list", "--verbose");
  expect(all.stdout.match(/^ {4}d\/\d+$/gm)).toHaveLength(60);
  const refused = await box.expectExit(3, "confirm", "0123456789ab");
  expect(refused.stderr).toContain(digest);
  await box.expectExit(0, "confirm", digest, "--dry-run");
  expect((await box.expectExit(3, "sync")).stdout).toContain(digest);
  await box.expectExit(0, "confirm", digest.toUpperCase());
  expect((await box.expectExit(0, "status")).stdout).toContain(`Confirmed ${digest}`);
  const passed = await box.expectExit(0, "sync");
  expect(passed.stdout).toContain("60 removed in the cloud");
  const spent = await box.expectExit(3, "confirm", digest);
  expect(spent.stderr).toContain("No set of changes is held now");
});

test("S80: programs get each set with all of its items", async () => {
  using box = await emptied();
  const synced = await box.expectExit(3, "sync", "--json");
  const { events } = await box.expectExit(0, "hold", "list", "--json");
  const hold = events.find(({ type }) => type === "hold");
  const left = synced.events.find(({ type }) => type === "left");
  expect(left).toMatchObject({ kind: "hold", path: "d", digest: hold?.["digest"] });
  expect(hold).toMatchObject({ kind: "mass-delete", state: "open", count: 60, folder: "d" });
  expect(hold?.["items"]).toHaveLength(60);
  expect(events.at(-1)).toMatchObject({ type: "result", command: "hold", exit: 0, sets: 1 });
  const { events: told } = await box.expectExit(0, "confirm", String(hold?.["digest"]), "--json");
  expect(told.at(-1)).toMatchObject({ type: "result", command: "confirm", exit: 0, count: 60 });
});

test("S52, S80: a dry run for programs ends with what it would hold, by digest, and shows with exit code 0", async () => {
  using box = await emptied();
  const { events } = await box.expectExit(0, "sync", "-n", "--json");
  const digest = expect.stringMatching(/^[0-9a-f]{12}$/) as string;
  const left = [{ kind: "hold", path: "d", digest }];
  expect(events.at(-1)).toMatchObject({ type: "result", dryRun: true, ops: 0, exit: 0, left });
  expect((await box.expectExit(0, "sync", "-n")).stdout).toContain("Nothing would be done");
  box.remove("d");
  expect((await box.expectExit(3, "sync")).stdout).toContain("d: would delete 81 items");
});

test("S82: putting things back ends a hold", async () => {
  using box = await emptied();
  await box.expectExit(3, "sync");
  for (let file = 0; file < 60; file += 1) box.write(`d/${file}`, `content ${file}`);
  await box.expectExit(0, "sync");
  expect((await box.expectExit(0, "hold", "list")).stdout).toContain("Nothing is held");
});

test("S80: a held repository is released by no digest, and the message says what does (G44)", async () => {
  using box = new Box();
  box.write("a", "1");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  mkdirSync(path.join(box.workspace, "later"));
  execFileSync("git", ["init", "-q"], { cwd: path.join(box.workspace, "later") });
  await box.expectExit(3, "sync");
  expect((await box.expectExit(0, "hold", "list")).stdout).toContain("later");
  const refused = await box.expectExit(3, "confirm", "later");
  for (const text of ["later", ".mignore", "snap guard override", "--repos exclude"]) {
    expect(refused.stderr).toContain(text);
  }
});

test("N48: what a held set would delete in Dropbox is saved before it is let pass; if that fails, it is not", async () => {
  using box = await emptied();
  const digest = digestIn((await box.expectExit(3, "sync")).stdout);
  writeFileSync(path.join(box.top, "no-store"), "x");
  await box.expectExit(0, "config", "set", "store.path", path.join(box.top, "no-store"));
  const refused = await box.expectExit(3, "confirm", digest);
  expect(refused.stderr).toContain("Nothing was changed: the linked folder could not be saved");
  expect((await box.expectExit(0, "hold", "list")).stdout).not.toContain("confirmed, `snap sync`");
  await box.expectExit(0, "config", "set", "store.path");
  const told = (await box.expectExit(0, "confirm", digest, "--json")).events;
  expect(told.at(-1)).toMatchObject({ saved: [expect.any(String)] });
  const { events } = await box.expectExit(0, "list", "--json");
  expect(events.filter(({ type }) => type === "snapshot")).toMatchObject([
    { reason: "before-confirm", side: "remote", counts: { files: 60 }, completeness: "thin" },
  ]);
  expect((await box.expectExit(0, "confirm", digest, "--json")).events.at(-1)).toMatchObject({
    saved: [],
  });
});
