import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { judgeRemote, type RemoteName } from "../../src/guard/remote-judge.ts";

function listing(...paths: readonly string[]): RemoteName[] {
  return paths.map((path) => ({
    path: parseRelPath(path.replace(/\/$/u, "")),
    kind: path.endsWith("/") ? "folder" : "file",
  }));
}

test("G13: repositories in a listing are found by their names, whatever their case", async () => {
  const found = await judgeRemote(
    listing(
      "a/",
      "a/.git/",
      "a/.git/head",
      "a/x.txt",
      "B/.HG/",
      "c/.git",
      "d/git",
      "e/objects/",
      "e/refs/",
    ),
  );
  expect(found.map(({ path, vcs, form }) => [path, vcs, form])).toEqual([
    ["B/.HG", "hg", "dir"],
    ["a/.git", "git", "dir"],
    ["c/.git", "git", "dir"],
  ]);
});

test("G13: a bare repository and a displaced one are found by what is in them", async () => {
  const inside = ["head", "objects/", "refs/"];
  const found = await judgeRemote(
    listing(...["x.git", ".git 2"].flatMap((folder) => inside.map((name) => `${folder}/${name}`))),
  );
  expect(found.map(({ path, form }) => [path, form])).toEqual([
    [".git 2", "displaced"],
    ["x.git", "bare"],
  ]);
});

test("G13: conflicted copies inside a gitdir are counted", async () => {
  const copy = "main (HOST's conflicted copy 2024-05-01)";
  const [found] = await judgeRemote(
    listing("r/.git/refs/heads/main", `r/.git/refs/heads/${copy}`, `r/${copy}`),
  );
  expect(found).toEqual({ path: "r/.git", vcs: "git", form: "dir", conflictedCopies: 1 });
});

test("G13: conflicted copies in a bare repository are counted as well", async () => {
  const copy = "main (HOST's conflicted copy 2024-05-01)";
  const inside = ["x/head", "x/objects/", "x/refs/", `x/refs/heads/${copy}`, `${copy}`];
  const [found] = await judgeRemote(listing(...inside));
  expect(found).toEqual({ path: "x", vcs: "git", form: "bare", conflictedCopies: 1 });
});

test("G13: of a torn repository its packs or its configuration are left; two ordinary folders are none", async () => {
  const found = await judgeRemote(
    listing(
      "packs/objects/",
      "packs/refs/",
      "packs/Objects/Pack/PACK-1.idx",
      "config/objects/",
      "config/HEAD",
      "config/Config",
      "plain/objects/",
      "plain/refs/",
    ),
  );
  expect(found.map(({ path, form }) => [path, form])).toEqual([
    ["config", "bare"],
    ["packs", "bare"],
  ]);
});

test("G13: a Subversion server, another spelling of a marker, and the folder itself are found", async () => {
  const server = ["db/", "conf/", "hooks/", "locks/", "format"].map((name) => `s/${name}`);
  const found = await judgeRemote(
    listing(...server, "v/git~1/", "HEAD", "objects/", "refs/", "w/CVSROOT/"),
  );
  expect(found.map(({ path, vcs, form }) => [path, vcs, form])).toEqual([
    ["", "git", "bare"],
    ["s", "svn", "server"],
    ["v/git~1", "git", "dir"],
    ["w/CVSROOT", "cvs", "dir"],
  ]);
});
