import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { locate, makeHome, workspaceFiles } from "../../src/state/locations.ts";

test("SNAP_HOME names one folder for everything", () => {
  const places = locate({ SNAP_HOME: "/srv/snap" });
  expect(places).toEqual({
    home: "/srv/snap",
    config: "/srv/snap/config.json",
    secrets: "/srv/snap/secrets",
    workspaces: "/srv/snap/workspaces",
    store: "/srv/snap/store",
    run: "/srv/snap/run",
    log: "/srv/snap/log",
    server: "/srv/snap/server",
    code: "/srv/snap/code",
  });
  expect(workspaceFiles(places, "ab")).toEqual({
    folder: "/srv/snap/workspaces/ab",
    index: "/srv/snap/workspaces/ab/index.db",
    contents: "/srv/snap/workspaces/ab/contents.db",
    lock: "/srv/snap/workspaces/ab/lock",
  });
});

test("a relative SNAP_HOME is made absolute, an empty one is none", () => {
  expect(locate({ SNAP_HOME: "here" }).home).toBe(resolve("here"));
  const places = locate({ SNAP_HOME: "" });
  expect(places).toEqual(locate({}));
  expect(Object.values(places).every(isAbsolute)).toBe(true);
  expect(places.config).toMatch(/snap\/config\.json$/u);
});

test("S10: the folders are made for the user alone, and what is there stays", () => {
  const top = mkdtempSync(join(tmpdir(), "snap-home-"));
  try {
    const places = locate({ SNAP_HOME: join(top, "deep/home") });
    makeHome(places);
    makeHome(places);
    expect(readdirSync(places.home)).toEqual(["log", "secrets", "workspaces"]);
    for (const path of [places.home, places.secrets, places.workspaces, places.log]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});
