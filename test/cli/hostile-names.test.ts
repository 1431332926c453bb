import { mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { expectPlain, hostileNames as names } from "../support/hostile-names.ts";
import { Box, type Ended } from "../support/snap-process.ts";

/** All of it in one name that is short enough to stand in others. */
const evil = "n\ne\u001b[2Jc\u009b31mt\u202ex\u2028y\u2029b\u0007\r";

async function linkedBox(write: (box: Box) => void): Promise<Box> {
  const box = new Box();
  write(box);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  return box;
}

/** What a command wrote, for people and for programs; neither has anything raw of a name. */
async function shown(box: Box, exit: number, ...words: readonly string[]): Promise<Ended> {
  const text = await box.expectExit(exit, ...words);
  expectPlain(text.stdout + text.stderr, words.join(" "));
  const json = await box.expectExit(exit, ...words, "--json");
  expectPlain(json.stdout + json.stderr, `${words.join(" ")} --json`);
  return text;
}

/** The workspace of another device with the same account. */
async function elsewhere(box: Box, act: (other: Box) => void): Promise<void> {
  using other = new Box();
  const env = { SNAP_HOME: box.home };
  for (const words of [["link", other.workspace, "/w"], ["sync"]]) {
    expect((await other.snap(words, { env })).code).toBe(0);
  }
  act(other);
  expect((await other.snap(["sync"], { env })).code).toBe(0);
}

test("X16: what is held, and how it is let pass, is told with its names escaped", async () => {
  const at = (file: number): string => `d${evil}/${names[file % names.length]}${file}`;
  using box = await linkedBox((fresh) => {
    for (let file = 0; file < 60; file += 1) fresh.write(at(file), `content ${file}`);
  });
  for (let file = 0; file < 60; file += 1) box.remove(at(file));
  await shown(box, 0, "sync", "--dry-run");
  await shown(box, 3, "sync");
  await shown(box, 3, "status");
  await shown(box, 0, "hold", "list");
  const { stdout } = await shown(box, 0, "hold", "list", "--verbose");
  expect(stdout.match(/^ {4}dn\\x0ae\\x1b\[2Jc\\x9b31mt\\u202ex/gm)).toHaveLength(60);
  await shown(box, 3, "confirm", `0123${evil}`);
  const digest = /snap confirm ([0-9a-f]{12})/.exec(stdout)?.[1] ?? "none";
  await shown(box, 0, "confirm", digest, "--dry-run");
  await shown(box, 0, "confirm", digest);
  await shown(box, 0, "status");
});

test("X16: a marker of a repository that is spelled with marks of direction is told escaped", async () => {
  using box = await linkedBox((fresh) => fresh.write("a", "1"));
  mkdirSync(path.join(box.workspace, `d${evil}/.g\u202eit`), { recursive: true });
  await shown(box, 0, "sync", "--dry-run");
  await shown(box, 3, "sync");
  await shown(box, 3, "status");
  expect((await shown(box, 0, "hold", "list")).stdout).toContain("repository");
  await shown(box, 3, "confirm", "0123456789ab");
  await shown(box, 0, "check");
});

test("X16: history, exclude and check tell names escaped", async () => {
  using box = await linkedBox((fresh) => {
    for (const name of names) fresh.write(`d${evil}/${name}`, name);
    fresh.write(`e${evil}/f`, "excluded");
  });
  const [first = "", second = ""] = names;
  renameSync(
    path.join(box.workspace, `d${evil}/${first}`),
    path.join(box.workspace, `moved ${first}`),
  );
  box.write(`d${evil}/${second}`, "edited");
  await shown(box, 0, "check");
  await shown(box, 0, "check", "--rehash");
  await shown(box, 2, "check", "--fetch", `d${evil}/${second}`);
  await shown(box, 0, "sync");
  const { stdout } = await shown(box, 0, "history");
  expect(stdout).toContain("(was dn\\x0ae");
  await shown(box, 0, "history", `d${evil}/${second}`);
  await shown(box, 2, "history", `../${evil}`);
  await shown(box, 0, "exclude", "add", `e${evil}`, "--dry-run");
  await shown(box, 0, "exclude", "add", `e${evil}`);
  await shown(box, 0, "exclude", "add", `e${evil}`);
  await shown(box, 2, "exclude", "add", `moved ${first}`);
  await shown(box, 2, "exclude", "add", `missing ${evil}`);
  await shown(box, 2, "exclude", "remove", `e${evil}/below`);
  box.write(`e${evil}/never synced`, "stays");
  await shown(box, 0, "sync");
  await shown(box, 0, "status");
  expect((await shown(box, 0, "exclude", "list")).stdout).toContain("en\\x0ae\\x1b");
  await shown(box, 0, "exclude", "remove", `e${evil}`);
});

test("X16: conflicts are told, and settled, with names escaped", async () => {
  const file = `d${evil}/${evil}.txt`;
  using box = await linkedBox((fresh) => fresh.write(file, "before"));
  await elsewhere(box, (other) => other.write(file, "there"));
  box.write(file, "here");
  await shown(box, 0, "sync");
  const copy = Object.keys(box.tree()).find((name) => name.includes("conflicted copy")) ?? "";
  await shown(box, 0, "conflicts");
  await shown(box, 2, "conflicts", "keep", "local", `missing ${evil}`);
  for (const choice of ["local", "remote", "both"]) {
    await shown(box, 0, "conflicts", "keep", choice, copy, "--dry-run");
  }
  await shown(box, 3, "conflicts", "keep", "local", copy);
  const kept = await box.expectExit(0, "conflicts", "keep", "both", copy);
  expectPlain(kept.stdout + kept.stderr, "conflicts keep both");
});

const members = ["__proto__", "constructor", "toString", "hasOwnProperty"];

test("X25: names of object members are names for history, hold, exclude, conflicts and check", async () => {
  using box = await linkedBox((fresh) => {
    for (const name of members) fresh.write(`${name}/${name}`, name);
  });
  for (const name of members) {
    box.write(`${name}/${name}`, `${name} edited`);
    box.write(`${name} (conflicted copy pc 2026-01-02)`, "copy");
  }
  await box.expectExit(0, "sync");
  for (const name of members) {
    const { events } = await box.expectExit(0, "history", `${name}/${name}`, "--json");
    expect(events.slice(0, -1).map(({ op, path: told }) => [op, told])).toEqual([
      ["R.put", `${name}/${name}`],
      ["R.put", `${name}/${name}`],
    ]);
    await box.expectExit(0, "exclude", "add", name);
  }
  const { stdout } = await box.expectExit(0, "history");
  for (const name of members) expect(stdout).toContain(`uploaded           ${name}/${name}\n`);
  expect((await box.expectExit(0, "exclude", "list")).stdout.trim().split("\n")).toEqual(
    members.toSorted(),
  );
  const { events } = await box.expectExit(0, "conflicts", "--json");
  expect(events).toHaveLength(members.length + 1);
  await box.expectExit(0, "sync");
  expect(Object.keys(box.tree())).toHaveLength(members.length);
  await box.expectExit(0, "check");
  for (const name of members) await box.expectExit(0, "exclude", "remove", name);
  await box.expectExit(0, "sync");
  for (const name of members) expect(box.read(`${name}/${name}`)).toBe(`${name} edited`);
});
