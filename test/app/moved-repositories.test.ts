/** What others do with the folder of a repository whose history is only here (A15, G47, G48). */
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { headRestMs } from "../../src/core/repo/work-trees.ts";
import { git } from "../guard/repositories.ts";
import { Cloud, Device } from "./cloud.ts";

/** Names, bytes and times of all that is in a folder. */
function fingerprint(folder: string): string {
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => {
      const stats = lstatSync(file, { bigint: true });
      const bytes = stats.isFile() ? readFileSync(file).toString("base64") : "";
      return `${path.relative(folder, file)} ${stats.mtimeNs} ${stats.ino} ${bytes}`;
    });
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

function patient({ environment, place }: Device): Device {
  const clock = { now: () => Date.now() + headRestMs, sleep: () => Promise.resolve() };
  return new Device({ ...environment, clock }, place);
}

/** A computer with a repository in `in/p`, and another one that has only what is synced of it. */
async function two(
  cloud: Cloud,
  make: (desk: Device) => void = () => {},
): Promise<readonly [desk: Device, other: Device]> {
  const desk = patient(await cloud.device("desk"));
  desk.write("in/p/file", "one");
  desk.write("in/p/deep/file", "two");
  desk.write("beside", "three");
  git(desk.place, "init", "-q", "-b", "main", "in/p");
  git(desk.at("in/p"), "add", ".");
  git(desk.at("in/p"), "commit", "-q", "-m", "first");
  make(desk);
  await desk.link("exclude");
  await desk.sync();
  const other = await cloud.device("other");
  await other.link("exclude");
  await other.sync();
  return [desk, other];
}

test("A15, G47: a removal there takes what is synced, and the repository stays byte for byte", async () => {
  await using cloud = await Cloud.open();
  const [desk, other] = await two(cloud);
  const before = fingerprint(desk.at("in/p/.git"));
  other.remove("in");
  await other.sync();
  const { exit, counts, left } = await desk.sync();
  expect({ exit, counts, left }).toMatchObject({
    exit: 0,
    left: [{ path: "in/p", kind: "unsynced", reason: expect.stringContaining("orphaned-repo") }],
  });
  expect(counts.removedLocal).toBeGreaterThan(0);
  expect(readdirSync(desk.at("in/p"))).toEqual([".git"]);
  expect(fingerprint(desk.at("in/p/.git"))).toBe(before);
  expect((await desk.status()).left).toMatchObject([{ path: "in/p" }]);
  const trashed = readdirSync(desk.at(".snap/trash"), { recursive: true }).map(String);
  expect(trashed.some((name) => name.endsWith("in/p/deep/file"))).toBe(true);
  expect(trashed.some((name) => name.includes(".git"))).toBe(false);
  expect(cloud.told("/.git")).toEqual([]);
  await other.sync();
  expect(Object.keys(other.tree())).toEqual(["beside"]);
  git(desk.at("in/p"), "checkout", "-q", ".");
  expect((await desk.sync()).left).toEqual([]);
  await other.sync();
  expect(other.tree()["in/p/file"]).toBe("one");
});

test.each([
  { what: "the work tree", from: "in/p", to: "q", now: "q" },
  { what: "a folder above it", from: "in", to: "q", now: "q/p" },
])("G48: $what that is moved there takes the repository along, as it is", async (moved) => {
  const { from, to, now } = moved;
  await using cloud = await Cloud.open();
  const [desk, other] = await two(cloud);
  const before = fingerprint(desk.at("in/p/.git"));
  renameSync(other.at(from), other.at(to));
  await other.sync();
  expect(await desk.sync()).toMatchObject({ exit: 0, counts: { downloaded: 0 } });
  expect(existsSync(desk.at(from))).toBe(false);
  expect(fingerprint(desk.at(`${now}/.git`))).toBe(before);
  expect(git(desk.at(now), "status", "--porcelain")).toBe("");
});

test("G48: while something is at work in it, a repository is not moved, and then it is", async () => {
  await using cloud = await Cloud.open();
  const [desk, other] = await two(cloud);
  renameSync(other.at("in"), other.at("q"));
  await other.sync();
  desk.write("in/p/.git/index.lock", "");
  desk.write("new", "goes on");
  const { exit, left, counts } = await desk.sync();
  expect({ exit, left, counts }).toMatchObject({
    exit: 3,
    counts: { movedLocal: 0, uploaded: 1 },
    left: [
      { path: "in", kind: "hold", reason: expect.stringContaining("was moved in Dropbox") },
      { path: "in/p", kind: "hold" },
    ],
  });
  rmSync(desk.at("in/p/.git/index.lock"));
  expect((await desk.sync()).exit).toBe(0);
  expect(existsSync(desk.at("q/p/.git/HEAD"))).toBe(true);
});

test("G48: a repository with other work trees stays where they look for it", async () => {
  await using cloud = await Cloud.open();
  const [desk, other] = await two(cloud, (device) => {
    git(device.at("in/p"), "worktree", "add", "-q", path.join(cloud.top, "second"));
  });
  renameSync(other.at("in/p"), other.at("q"));
  await other.sync();
  const { exit, left } = await desk.sync();
  expect({ exit, left }).toMatchObject({
    exit: 3,
    left: [{ path: "in/p", reason: expect.stringContaining("other work trees lead to") }],
  });
  expect(git(path.join(cloud.top, "second"), "status", "--porcelain")).toBe("");
});

test("G48: a submodule moves with its repository, and not without it", async () => {
  await using cloud = await Cloud.open();
  const [desk, other] = await two(cloud, (device) => {
    const source = path.join(cloud.top, "source");
    mkdirSync(source);
    git(source, "init", "-q");
    git(source, "commit", "-q", "--allow-empty", "-m", "first");
    git(
      device.at("in/p"),
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "add",
      "-q",
      source,
      "sub",
    );
    device.write("in/p/sub/file", "sub");
  });
  renameSync(other.at("in/p/sub"), other.at("in/p/moved"));
  await other.sync();
  expect(await desk.sync()).toMatchObject({
    exit: 3,
    left: [{ path: "in/p/sub", reason: expect.stringContaining("would break") }],
  });
  renameSync(other.at("in/p/moved"), other.at("in/p/sub"));
  renameSync(other.at("in"), other.at("q"));
  await other.sync();
  expect((await desk.sync()).exit).toBe(0);
  expect(git(desk.at("q/p/sub"), "rev-parse", "HEAD")).toMatch(/^[0-9a-f]{40}/u);
});

test("G1, G48: a repository that is held is not moved with the folder above it either", async () => {
  await using cloud = await Cloud.open();
  const desk = await cloud.device("desk");
  desk.write("in/file", "one");
  await desk.link();
  await desk.sync();
  const other = await cloud.device("other");
  await other.link();
  await other.sync();
  git(desk.place, "init", "-q", "in/later");
  renameSync(other.at("in"), other.at("q"));
  await other.sync();
  const { exit, left } = await desk.sync();
  expect({ exit, left }).toMatchObject({
    exit: 3,
    left: [
      { path: "in", reason: expect.stringContaining("is held") },
      { path: "in/later", kind: "hold" },
    ],
  });
  expect(existsSync(desk.at("in/later/.git"))).toBe(true);
  desk.remove("in/later");
  expect((await desk.sync()).exit).toBe(0);
  expect(desk.tree()).toEqual({ "q/file": "one" });
});
