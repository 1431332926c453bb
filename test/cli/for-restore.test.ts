/** `snap verify --for-restore`, as scripts call it (T33 to T35). */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DaemonBox } from "../support/daemon-box.ts";
import { Box } from "../support/snap-process.ts";

/** Every file below a folder with its size, time and inode; SQLite makes its own two files beside an index that is only read, too. */
function facts(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
  return Object.fromEntries(
    names.flatMap((name) => {
      const stat = statSync(path.join(folder, name));
      if (!stat.isFile() || /-(?:shm|wal)$/.test(name)) return [];
      return [[name, `${stat.size} ${stat.mtimeMs} ${stat.ino}`]];
    }),
  );
}

test("T35: beside the background sync, whose plan it names, nothing is written", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a", "1");
  await box.run(0, "capture", "--label", "S");
  await box.run(0, "sync");
  box.box.write("a", "9");
  await box.run(0, "start");
  await box.run(0, "status", "--wait");
  const { events } = await box.run(0, "verify", "S", "--for-restore");
  const result = events.at(-1);
  expect(result).toMatchObject({
    type: "result",
    command: "verify",
    mode: "for-restore",
    ready: true,
    exit: 0,
    complete: true,
    remote: { path: "/w" },
    plan: { local: { replace: 1 }, remote: { replace: 1, reverted: 1, uploadBytes: 0, calls: 1 } },
    loses: { localOnly: 0, remoteNewer: 0 },
    left: [],
  });
  const { plan } = result as unknown as { readonly plan: { readonly digest: string } };
  expect(await box.status()).toMatchObject({ workspaces: [{ live: { state: "idle" } }] });
  await box.run(0, "restore", "S", "--plan", plan.digest);
  expect(box.box.read("a")).toBe("1");
});

test("T33: neither the workspace nor the home is touched, and no lock is taken", async () => {
  using box = new Box();
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  box.write("a", "1");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "capture", "--label", "S");
  box.write("a", "22");
  const workspaces = path.join(box.home, "workspaces");
  const store = path.join(box.home, "store");
  const folders = [box.workspace, workspaces, store];
  const before = folders.map((folder) => facts(folder));
  const { events } = await box.expectExit(0, "verify", "S", "--for-restore", "--json");
  expect(events.at(-1)).toMatchObject({ ready: true, loses: { localOnly: 1 } });
  expect(folders.map((folder) => facts(folder))).toEqual(before);
});

test("T34: what a person meets: damage, a missing name, words that do not go together", async () => {
  using box = new Box();
  box.write("a", "1");
  await box.expectExit(0, "capture", "--label", "S");
  box.write("a", "9");
  await box.expectExit(2, "verify", "--for-restore");
  await box.expectExit(2, "verify", "nothing", "--for-restore");
  await box.expectExit(2, "verify", "S", "b", "--for-restore");
  await box.expectExit(2, "verify", "S", "--for-restore", "--level", "3");
  await box.expectExit(2, "verify", "S", "a");
  await box.expectExit(2, "verify", "S", "--to", "x");
  await box.expectExit(2, "verify", "S", "--for-restore", "--all-workspaces");
  const ready = await box.expectExit(0, "verify", "S", "a", "--for-restore");
  expect(ready.stdout).toMatch(/Ready\.\n$/);
});

test("T15, T33: for a copy the folder, the room and the blocks are asked, and nothing is made", async () => {
  using box = new Box();
  box.write("d/a", "1");
  box.write("b", "22");
  await box.expectExit(0, "capture", "--label", "S");
  const to = path.join(box.top, "out", "deep");
  const words = ["verify", "S", "--for-restore", "--to", to, "--json"];
  const { events } = await box.expectExit(0, ...words);
  expect(events.at(-1)).toMatchObject({ ready: true, copy: { files: 2, bytes: 3 } });
  expect(readdirSync(box.top)).not.toContain("out");
  const some = await box.expectExit(0, "verify", "S", "d", "--for-restore", "--to", to, "--json");
  expect(some.events.at(-1)).toMatchObject({ ready: true, copy: { files: 1, bytes: 1 } });
  const full = await box.expectExit(3, ...words.slice(0, 4), box.workspace, "--json");
  expect(full.events.at(-1)).toMatchObject({ ready: false, copy: null });
});
