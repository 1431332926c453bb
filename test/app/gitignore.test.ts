/** What Git ignores is left out of a link, and nothing is lost by it (G50). */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { setSetting } from "../../src/app/config.ts";
import { requireLink } from "../../src/app/find-workspace.ts";
import { checkIgnored } from "../../src/app/ignore.ts";
import { git } from "../guard/repositories.ts";
import { Cloud, Device, LiveDevice } from "./cloud.ts";

/** Everything on the disk has rested when this device looks. */
function rested({ environment, place }: Device): Device {
  const clock = { now: () => Date.now() + 60_000, sleep: () => Promise.resolve() };
  return new Device({ ...environment, clock }, place);
}

function commit(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  git(folder, "add", "-f", ...Object.keys(files));
  git(folder, "commit", "-q", "-m", "more");
}

/** A work tree with a secret that Git ignores, and one that it tracks all the same. */
async function desk(cloud: Cloud): Promise<Device> {
  const device = rested(await cloud.device("desk"));
  git(device.place, "init", "-q", "-b", "main");
  commit(device.place, { ".gitignore": ".env*\nbuild/\n", text: "1", ".env.example": "A=" });
  device.write(".env", "A=secret");
  device.write("build/out", "1");
  return device;
}

/** Synced files of a device, without its repository. */
function files(device: Device): readonly string[] {
  return Object.keys(device.tree()).filter((name) => !name.startsWith(".git/"));
}

test("G50: what Git ignores never goes up, what it tracks does, and the other device takes the choice over", async () => {
  await using cloud = await Cloud.open();
  const here = await (await desk(cloud)).link("exclude", true);
  expect(await here.sync()).toMatchObject({ exit: 0 });
  expect([...cloud.told("secret"), ...cloud.told("build/"), ...cloud.told('.env"')]).toEqual([]);
  const there = rested(await cloud.device("lap"));
  const plan = await there.plan();
  expect(plan).toMatchObject({
    choice: { repos: "exclude", gitignore: "exclude" },
    warnings: [expect.stringMatching(/"desk" chose --repos exclude --gitignore/u)],
  });
  await there.link();
  expect(await there.sync()).toMatchObject({ exit: 0 });
  expect(files(there)).toEqual([".env.example", ".gitignore", "text"]);
  const status = await here.status();
  expect(status).toMatchObject({ state: "up-to-date", pending: 0 });
  expect(status.notes.join("\n")).toMatch(/what Git ignores is left out/u);
  const checked = await checkIgnored(here.environment, here.place, [".env", ".env.example"]);
  expect(checked).toMatchObject([{ state: "ignored", byGit: true }, { state: "synced" }]);
});

test("G50: a rule that comes later removes nothing on any side, and one that goes brings all back", async () => {
  await using cloud = await Cloud.open();
  const here = await (await desk(cloud)).link("exclude", true);
  here.write("notes.txt", "synced once");
  await here.sync();
  const there = rested(await cloud.device("lap"));
  git(cloud.top, "clone", "-q", here.place, "clone");
  await there.link();
  await there.sync();
  here.write(".gitignore", ".env*\nbuild/\n*.txt\n");
  here.write("notes.txt", "edited here");
  expect(await here.sync()).toMatchObject({ exit: 0 });
  here.remove("notes.txt");
  expect(await here.sync()).toMatchObject({ exit: 0 });
  expect(files(here)).not.toContain("notes.txt");
  await there.sync();
  expect(there.tree()["notes.txt"]).toBe("synced once");
  here.write(".gitignore", ".env*\nbuild/\n");
  expect(await here.sync()).toMatchObject({ exit: 0 });
  expect(here.tree()["notes.txt"]).toBe("synced once");
});

test("G50: what the rules ignore and somebody put into Dropbox stays there, and does not come down", async () => {
  await using cloud = await Cloud.open();
  const here = await (await desk(cloud)).link("exclude", true);
  await here.sync();
  const other = rested(await cloud.device("other"));
  await other.link("exclude", false);
  await other.sync();
  other.write("build/theirs", "1");
  other.write(".env", "theirs");
  expect(await other.sync()).toMatchObject({ exit: 0 });
  expect(await here.sync()).toMatchObject({ exit: 0, counts: { downloaded: 0 } });
  expect(here.tree()).toMatchObject({ ".env": "A=secret", "build/out": "1" });
  expect(files(here)).not.toContain("build/theirs");
  rmSync(here.at("build"), { recursive: true });
  expect(await here.sync()).toMatchObject({ exit: 0 });
  const third = rested(await cloud.device("third"));
  await third.link("exclude", false);
  await third.sync();
  expect(third.tree()).toMatchObject({ "build/theirs": "1", ".env": "theirs" });
});

test("G4, G50: a work tree whose index nobody can read is held, with a way out, and nothing of it moves", async () => {
  await using cloud = await Cloud.open();
  const here = await (await desk(cloud)).link("exclude", true);
  await here.sync();
  git(here.place, "update-index", "--split-index");
  here.write("text", "2");
  const report = await here.sync();
  expect(report).toMatchObject({ exit: 3, counts: { uploaded: 0, removedRemote: 0 } });
  expect(report.left).toMatchObject([
    { path: "", kind: "hold", reason: expect.stringMatching(/nobody can tell.*split/u) },
  ]);
  git(here.place, "update-index", "--no-split-index");
  expect(await here.sync()).toMatchObject({ exit: 0, counts: { uploaded: 1, removedRemote: 0 } });
});

test("G46, G50: without --repos exclude it is refused, and the setting of a link changes it for all", async () => {
  await using cloud = await Cloud.open();
  const plain = await cloud.device("plain");
  await expect(plain.plan("refuse", true)).rejects.toMatchObject({ code: "usage" });
  await expect(plain.plan(undefined, true)).rejects.toMatchObject({ code: "usage" });
  const here = await (await desk(cloud)).link("exclude");
  await here.sync();
  expect(cloud.told("build").length).toBeGreaterThan(0);
  const there = rested(await cloud.device("lap"));
  await there.link();
  expect(requireLink(there.environment, there.place).gitignore).toBeUndefined();
  await there.sync();
  const change = { name: "gitignore", values: ["exclude"], dryRun: false };
  setSetting(here.environment, { ...change, workspace: here.place });
  expect(await here.sync()).toMatchObject({ exit: 0, counts: { removedRemote: 0 } });
  expect(files(here)).toContain("build/out");
  const tomorrow = { now: () => Date.now() + 86_460_000, sleep: () => Promise.resolve() };
  const later = new Device({ ...there.environment, clock: tomorrow }, there.place);
  await later.sync();
  expect((await later.status()).notes.join("\n")).toMatch(
    /"desk" chose exclude --gitignore .* here it is exclude\. `snap config set gitignore exclude`/u,
  );
});

test("G50: a running sync goes by a rule of Git from the next cycle on", async () => {
  await using cloud = await Cloud.open();
  const device = await (await desk(cloud)).link("exclude", true);
  const clock = {
    now: () => Date.now() + 60_000,
    sleep: (delayMs: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, Math.min(delayMs, 300));
        signal?.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(new Error("stopped"));
        });
      }),
  };
  await using live = new LiveDevice(new Device({ ...device.environment, clock }, device.place));
  await live.until(() => live.activity.includes("R.put text"));
  await live.rests();
  device.write(".gitignore", ".env*\nbuild/\n*.tmp\n");
  device.write("a.tmp", "1");
  device.write("b", "1");
  await live.until(() => live.activity.includes("R.put b"));
  await live.rests();
  device.write(".gitignore", "build/\n*.tmp\n");
  await live.until(() => live.activity.includes("R.put .env"));
  expect(live.activity.filter((line) => /tmp|build/u.test(line))).toEqual([]);
});
