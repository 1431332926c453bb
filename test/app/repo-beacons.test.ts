/** What devices tell each other of repositories whose work trees they share (G46, G49, G50). */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { setSetting } from "../../src/app/config.ts";
import { headFolder } from "../../src/core/repo/head-beacon.ts";
import { parseRelPath, topPath } from "../../src/core/path/rel-path.ts";
import { headFacts } from "../../src/guard/head-facts.ts";
import { headRestMs } from "../../src/core/repo/work-trees.ts";
import { connect } from "../../src/app/accounts.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { git, Scratch } from "../guard/repositories.ts";
import { Cloud, Device } from "./cloud.ts";

/** The same computer, for which every `HEAD` has rested, and which waits for nothing. */
function patient({ environment, place }: Device): Device {
  const clock = { now: () => Date.now() + headRestMs, sleep: () => Promise.resolve() };
  return new Device({ ...environment, clock }, place);
}

function commit(folder: string, text: string): void {
  writeFileSync(path.join(folder, "file"), text);
  git(folder, "add", "file");
  git(folder, "commit", "-q", "-m", text);
}

/** Two computers with one repository that share its work tree; the first has begun. */
async function two(cloud: Cloud): Promise<readonly [Device, Device]> {
  const desk = patient(await cloud.device("desk"));
  git(desk.place, "init", "-q", "-b", "main");
  commit(desk.place, "one");
  await desk.link("exclude");
  await desk.sync();
  const lap = patient(await cloud.device("lap"));
  rmSync(lap.place, { recursive: true });
  git(cloud.top, "clone", "-q", desk.place, lap.place);
  await lap.link("exclude");
  await lap.sync();
  return [desk, lap];
}

/** The linked folder as another program of the account sees it. */
async function there<T>(device: Device, use: (side: RemoteSide) => Promise<T>): Promise<T> {
  await using connection = await connect(device.environment);
  return await use(connection.side("/w"));
}

function told(notes: readonly string[]): readonly string[] {
  return notes.filter((line) => line.startsWith("Files"));
}

test("G49: files that come from another commit are told, until this one is checked out", async () => {
  await using cloud = await Cloud.open();
  const [desk, lap] = await two(cloud);
  expect(told((await lap.status()).notes)).toEqual([]);
  git(desk.place, "checkout", "-q", "-b", "feature");
  commit(desk.place, "two");
  const oid = git(desk.place, "rev-parse", "HEAD").trim();
  const here = git(lap.place, "rev-parse", "HEAD").trim();
  await desk.sync();
  await lap.sync();
  expect(told((await lap.status()).notes)).toEqual([
    `Files come from desk (feature at ${oid.slice(0, 8)}), HEAD here is main at ${here.slice(0, 8)}: do not commit yet.`,
  ]);
  expect(told((await desk.status()).notes)).toEqual([]);
  git(lap.place, "fetch", "-q", desk.place, "feature");
  git(lap.place, "reset", "-q", "--soft", "FETCH_HEAD");
  expect(told((await lap.status()).notes)).toEqual([]);
});

test("G49: a beacon says what is checked out, and is written only when that is another", async () => {
  await using cloud = await Cloud.open();
  const [desk] = await two(cloud);
  const { id } = desk.environment.settings.read().device;
  const own = parseRelPath(`${headFolder(topPath)}/${id}.json`);
  const before = await there(desk, (side) => side.document(own));
  expect(JSON.parse(before?.text ?? "")).toEqual({
    branch: "main",
    oid: git(desk.place, "rev-parse", "HEAD").trim(),
    time: expect.any(String),
    device: "desk",
  });
  desk.write("other", "1");
  await desk.sync();
  expect((await there(desk, (side) => side.document(own)))?.rev).toBe(before?.rev);
  git(desk.place, "checkout", "-q", "--detach");
  await desk.sync();
  expect((await there(desk, (side) => side.document(own)))?.text).not.toContain("branch");
});

test("G49: beacons of strangers are checked, and none of them ends a sync or reaches the disk", async () => {
  await using cloud = await Cloud.open();
  const [desk, lap] = await two(cloud);
  const folder = headFolder(topPath);
  const far = { time: "2999-01-01T00:00:00Z", device: "x", oid: "f".repeat(40) };
  await there(desk, async (side) => {
    const texts = ["", "{", "null", "x".repeat(100_000), JSON.stringify(far)];
    for (const [number, text] of texts.entries()) {
      await side.writeDocument(parseRelPath(`${folder}/bad${number}.json`), text, undefined);
    }
    await side.writeDocument(parseRelPath(`${folder}/no name.json`), "{}", undefined);
  });
  desk.write("new", "1");
  await desk.sync();
  expect(await lap.sync()).toMatchObject({ exit: 0, counts: { downloaded: 1 } });
  expect(told((await lap.status()).notes)).toEqual([]);
  expect(Object.keys(lap.tree()).filter((name) => name.includes("bad"))).toEqual([]);
});

test("G46: a second device takes over what the first one chose, and says so", async () => {
  await using cloud = await Cloud.open();
  await two(cloud);
  const third = await cloud.device("third");
  const plan = await third.plan();
  expect(plan).toMatchObject({
    choice: { repos: "exclude" },
    warnings: [expect.stringMatching(/"desk" chose --repos exclude/u)],
  });
  const other = await third.plan("refuse");
  expect(other).toMatchObject({
    choice: { repos: "refuse" },
    warnings: [expect.stringMatching(/will be --repos refuse/u)],
  });
});

test("G46: a choice that is changed later is told the others, who are told of it by the status", async () => {
  await using cloud = await Cloud.open();
  const [desk] = await two(cloud);
  const third = await cloud.device("third");
  await third.link("refuse");
  await third.sync();
  expect((await third.status()).notes).toMatchObject([
    /"desk" chose exclude .* here it is refuse/u,
  ]);
  const words = { name: "repos", values: ["exclude"], workspace: third.place, dryRun: false };
  setSetting(third.environment, words);
  await third.sync();
  expect((await third.status()).notes.filter((note) => note.includes("chose"))).toEqual([]);
  setSetting(desk.environment, { ...words, values: ["refuse"], workspace: desk.place });
  await desk.sync();
  const policy = await there(desk, (side) => side.document(parseRelPath(".snap/git/policy.json")));
  expect(JSON.parse(policy?.text ?? "")).toMatchObject({ repos: "refuse", device: "desk" });
});

test("G46: a folder in the place of the choice says nothing, and keeps nobody from linking", async () => {
  await using cloud = await Cloud.open();
  const desk = await (await cloud.device("desk")).link("refuse");
  await there(desk, async (side) => {
    const policy = parseRelPath(".snap/git/policy.json");
    // The server makes it; that it is none of ours to name is told afterwards.
    await expect(side.makeFolder(policy)).rejects.toThrow(/left there/u);
    await expect(side.document(policy)).rejects.toThrow(/not_file/u);
  });
  const third = await cloud.device("third");
  expect(await third.plan()).toMatchObject({ choice: { repos: "refuse" }, warnings: [] });
  await third.link("exclude");
  expect(await third.sync()).toMatchObject({ exit: 0 });
});

test("G46: without a repository nothing is written for a link that refuses them", async () => {
  await using cloud = await Cloud.open();
  const device = await cloud.device("desk");
  device.write("a", "1");
  await device.link();
  await device.sync();
  expect(await there(device, (side) => side.document(parseRelPath(".snap/git/policy.json")))).toBe(
    undefined,
  );
  expect((await device.status()).notes).toEqual([]);
});

test("G50: each status says that the history is not in Dropbox", async () => {
  await using cloud = await Cloud.open();
  const [desk] = await two(cloud);
  expect((await desk.status()).notes[0]).toContain("history is not in Dropbox");
});

test("G50: the link names secrets that Git ignores and a sync does not", async () => {
  await using cloud = await Cloud.open();
  const device = await cloud.device("desk");
  git(device.place, "init", "-q");
  device.write(".gitignore", ".env\nnode_modules/\n*.log\n/keys/*.pem\n");
  for (const file of [".env", "api/.env", "node_modules/.env", "x.log", "keys/a.pem", "b.pem"]) {
    device.write(file, "secret");
  }
  const [, warning = ""] = (await device.plan("exclude")).warnings;
  for (const name of [".env", "api/.env", "keys/a.pem"]) expect(warning).toContain(`"${name}"`);
  for (const name of ["node_modules", "x.log", "b.pem"]) expect(warning).not.toContain(name);
  device.write(".gitignore", "*".repeat(10));
  expect((await device.plan("exclude")).warnings).toHaveLength(1);
});

test("G49: what is checked out is read from plain text, in every form", () => {
  using scratch = new Scratch();
  const at = (folder: string, marker = ".git"): unknown => headFacts(Buffer.from(folder), marker);
  const folder = scratch.base("r");
  const oid = git(folder, "rev-parse", "HEAD").trim();
  expect(at(folder)).toEqual({ branch: "main", oid });
  git(folder, "pack-refs", "--all");
  scratch.pushed(folder);
  git(folder, "branch", "-q", "-u", "origin/main");
  expect(at(folder)).toEqual({ branch: "main", oid, upstream: "origin/main" });
  scratch.write("r/.git/MERGE_HEAD", "");
  expect(at(folder)).toMatchObject({ operation: "merge" });
  git(folder, "worktree", "add", "-q", scratch.at("second"), "-b", "topic");
  expect(at(scratch.at("second"))).toMatchObject({ branch: "topic", oid });
  git(scratch.top, "init", "-q", "-b", "main", "empty");
  expect(at(scratch.at("empty"))).toEqual({ branch: "main" });
  scratch.write("r/.git/HEAD", "ref: refs/../../../etc/passwd\n");
  expect(at(folder)).toBeUndefined();
  scratch.write("r/.git/HEAD", "nonsense");
  expect(at(folder)).toBeUndefined();
  mkdirSync(scratch.at("none"));
  expect(at(scratch.at("none"))).toBeUndefined();
  expect(at(folder, ".hg")).toBeUndefined();
});

test("G46: the history that is left out counts as no change, at the top or below", async () => {
  await using cloud = await Cloud.open();
  const [desk] = await two(cloud);
  expect(await desk.status()).toMatchObject({ state: "up-to-date", pending: 0 });
  mkdirSync(path.join(desk.place, "sub"));
  git(path.join(desk.place, "sub"), "init", "-q", "-b", "main");
  await desk.sync();
  expect(await desk.status()).toMatchObject({ state: "up-to-date", pending: 0 });
  writeFileSync(path.join(desk.place, "file"), "other");
  expect(await desk.status()).toMatchObject({ state: "pending", pending: 1 });
});
