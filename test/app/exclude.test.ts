import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { addExclusions, listExclusions, removeExclusions } from "../../src/app/exclude.ts";
import { removeLink } from "../../src/app/link.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { LinkedHome } from "./linked-home.ts";

const files = { "d/1": "1", "d/s/2": "2", "e/3": "3", f: "4" };

function words(home: LinkedHome, ...paths: readonly string[]) {
  return { place: home.place, paths, dryRun: false };
}

test("S93: folders are listed, added and removed; a dry run changes nothing", async () => {
  await using home = await LinkedHome.open(files);
  const { environment, place } = home;
  const dry = { ...words(home, "./d/"), dryRun: true };
  expect(await addExclusions(environment, dry)).toMatchObject({
    changed: ["d"],
    unchanged: [],
    saved: [],
  });
  expect(listExclusions(environment, place)).toEqual([]);
  await addExclusions(environment, words(home, "d/s"));
  expect(await addExclusions(environment, words(home, "D/S", `${place}/e`))).toMatchObject({
    changed: ["e"],
    unchanged: ["D/S"],
  });
  await addExclusions(environment, words(home, "d"));
  expect(listExclusions(environment, place), "what is below needs no line").toEqual(["d", "e"]);
  await syncWorkspace(environment, place, {});
  expect(await home.cloud()).toEqual(["d/1", "d/s/2", "e/3", "f"]);
  expect(() => home.read("d/1")).toThrow("ENOENT");
  expect(removeExclusions(environment, words(home, "d", "f"))).toEqual({
    changed: ["d"],
    unchanged: ["f"],
  });
  await syncWorkspace(environment, place, {});
  expect(home.read("d/s/2")).toBe("2");
});

test.each([
  ["the top", ".", "usage"],
  ["a path outside", "../x", "usage"],
  ["an absolute path outside", "/etc", "usage"],
  ["nothing", "", "usage"],
  ["a file", "f", "usage"],
  ["what is not there", "nowhere", "path-missing"],
  ["our own folder", ".snap", "usage"],
  ["a path with an empty name", "d//s", "path-invalid"],
])("S93: %s is no folder to exclude", async (_, path, code) => {
  await using home = await LinkedHome.open(files);
  const adding = addExclusions(home.environment, words(home, "d", path));
  await expect(adding).rejects.toMatchObject({ code, exit: 2 });
  expect(listExclusions(home.environment, home.place), "all or none").toEqual([]);
});

test("S93: a part of an excluded folder cannot be taken out of it", async () => {
  await using home = await LinkedHome.open(files);
  await addExclusions(home.environment, words(home, "d"));
  expect(() => removeExclusions(home.environment, words(home, "d/s"))).toThrow(
    expect.objectContaining({ code: "usage" }) as Error,
  );
});

test("S94: a folder that appears is written into the list of the link", async () => {
  await using home = await LinkedHome.open(files);
  home.set({ newRemoteFolders: "exclude" });
  await home.withCloud((side) => side.makeFolder(parseRelPath("w/new")));
  await syncWorkspace(home.environment, home.place, {});
  expect(listExclusions(home.environment, home.place)).toEqual(["new"]);
});

test("a link that is forgotten takes its list with it", async () => {
  await using home = await LinkedHome.open(files);
  await addExclusions(home.environment, words(home, "d"));
  await removeLink(home.environment, home.place, { dryRun: false });
  expect(home.environment.settings.read().workspaces[0]).not.toHaveProperty("excluded");
});

test("N48: what this disk has of a folder is saved before it is excluded; what is not here needs no snapshot", async () => {
  await using home = await LinkedHome.open(files);
  const { environment } = home;
  home.write("d/mine", "not in Dropbox yet");
  const { saved } = await addExclusions(environment, words(home, "D"));
  expect(saved).toMatchObject([
    { reason: "before-exclude", side: "local", paths: ["d"], counts: { files: 3 } },
  ]);
  await home.withCloud((side) => side.makeFolder(parseRelPath("w/far")));
  expect((await addExclusions(environment, words(home, "far"))).saved).toEqual([]);
  expect((await addExclusions(environment, words(home, "d"))).saved).toEqual([]);
});

test("N48: a folder that cannot be saved first is not excluded", async () => {
  await using home = await LinkedHome.open(files);
  const { environment, place } = home;
  // A file stands where the store would be.
  home.set({ "store.path": path.join(home.top, "workspace.txt") });
  writeFileSync(path.join(home.top, "workspace.txt"), "x");
  const adding = addExclusions(environment, words(home, "d"));
  await expect(adding).rejects.toMatchObject({ exit: 3, message: /^Nothing was changed/ });
  expect(listExclusions(environment, place)).toEqual([]);
});

test("N48: a folder with a file that cannot be read is not excluded; gaps elsewhere do not matter", () => {
  const script = new URL("exclude-as-nobody.ts", import.meta.url).pathname;
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const said = execFileSync(process.execPath, [script], { encoding: "utf8", ...nobody });
  expect(JSON.parse(said)).toEqual({
    d: {
      exit: 3,
      message: expect.stringMatching(/^Nothing was changed: .*"d\/mine": permission-denied/u),
      hint: expect.stringContaining("readable"),
    },
    e: "excluded",
    list: ["e"],
  });
});
