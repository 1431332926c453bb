/** Repositories that appear after the link, in every way they do, told of by a watcher or not (G20 to G24). */
import { copyFileSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { Cloud, LiveDevice, type Device } from "./cloud.ts";

/** A repository beside the workspace, with a commit. */
function source(cloud: Cloud): string {
  const folder = path.join(cloud.top, "source");
  mkdirSync(folder);
  git(folder, "init", "-q", "-b", "main");
  git(folder, "commit", "-q", "--allow-empty", "-m", "first");
  return folder;
}

type Stage = { readonly cloud: Cloud; readonly device: Device };

/** How a repository arrives: in steps, between which the sync may look. */
type Arrival = {
  readonly name: string;
  /** The folder that is held. */
  readonly held: string;
  readonly steps: (stage: Stage) => readonly (() => void)[];
};

const arrivals: readonly Arrival[] = [
  {
    name: "git init",
    held: "a/b",
    steps: ({ device }) => [
      () => mkdirSync(device.at("a")),
      () => void git(device.place, "init", "-q", "a/b"),
      () => device.write("a/b/file.txt", "one"),
    ],
  },
  {
    name: "a repository that is moved in",
    held: "moved",
    steps: ({ cloud, device }) => [() => renameSync(source(cloud), device.at("moved"))],
  },
  {
    name: "git clone",
    held: "cloned",
    steps: ({ cloud, device }) => [
      () => void git(device.place, "clone", "-q", source(cloud), "cloned"),
    ],
  },
  {
    name: "a bare clone that is made slowly",
    held: "bare.git",
    steps: ({ cloud, device }) => {
      const ready = path.join(cloud.top, "ready.git");
      git(cloud.top, "clone", "-q", "--bare", source(cloud), ready);
      const files = readdirSync(ready, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith(".sample"))
        .map((entry) => path.relative(ready, path.join(entry.parentPath, entry.name)));
      return ["HEAD", ...files.filter((file) => file !== "HEAD").toSorted()].map((file) => () => {
        const to = device.at(`bare.git/${file}`);
        mkdirSync(path.dirname(to), { recursive: true });
        copyFileSync(path.join(ready, file), to);
      });
    },
  },
];

describe.each(arrivals)("A14: $name", ({ held, steps }) => {
  test("is held by each sync, nothing of it is sent, and its siblings go on", async () => {
    await using cloud = await Cloud.open();
    const device = await cloud.device("box");
    device.write("a.txt", "one");
    await device.link();
    await device.sync();
    cloud.forget();
    for (const [number, step] of steps({ cloud, device }).entries()) {
      step();
      device.write("sibling", `${number}`);
      const { counts } = await device.sync();
      expect(counts.uploaded).toBe(1);
    }
    const { exit, left } = await device.sync();
    expect({ exit, left }).toMatchObject({ exit: 3, left: [{ path: held, kind: "hold" }] });
    expect(await device.status()).toMatchObject({ exit: 3, left: [{ path: held }] });
    expect(cloud.told(held)).toEqual([]);
    expect(cloud.told("sibling")).not.toEqual([]);
    device.remove(held);
    expect((await device.sync()).exit).toBe(0);
  });

  test("is held while a watcher tells of it, and let go when it is gone", async () => {
    await using cloud = await Cloud.open();
    const device = await cloud.device("box");
    device.write("a.txt", "one");
    await device.link();
    await using live = new LiveDevice(device);
    await live.rests();
    cloud.forget();
    for (const [number, step] of steps({ cloud, device }).entries()) {
      step();
      device.write(`sibling ${number}`, "one");
      await live.until(() => live.activity.includes(`R.put sibling ${number}`));
    }
    await live.until(() => live.live.status().left.some((item) => item.path === held));
    expect(live.live.status().exit).toBe(3);
    expect(cloud.told(held)).toEqual([]);
    device.remove(held);
    await live.until(() => live.live.status().exit === 0);
    expect(cloud.told(held)).toEqual([]);
  });
});
