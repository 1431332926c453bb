import { expect, test } from "vitest";
import { RcloneRun } from "./rclone-run.ts";

test("V1: rclone copies both ways, keeps times, and sends nothing that is there already", async () => {
  await using rclone = await RcloneRun.open();
  rclone.write("up/a.txt", "alpha");
  rclone.write(
    "up/deep/er/b.bin",
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
  );
  rclone.write("up/empty", "");
  await rclone.do("copy", "up", "local:dst");
  const copied = rclone.localTree("up");
  expect(await rclone.remoteTree("/dst")).toEqual({ ...copied, deep: null, "deep/er": null });

  const listed = await rclone.json("lsjson", "-R", "--hash", "local:dst");
  const seen = listed.map((item: { Path: string; Size: number; ModTime: string }) => [
    item.Path,
    item.Size,
    item.ModTime,
  ]);
  expect(seen.toSorted().at(0)).toEqual(["a.txt", 5, "2026-03-04T05:06:07Z"]);
  expect(seen.map(([name]: [string]) => name).toSorted()).toEqual(
    ["a.txt", "deep", "deep/er", "deep/er/b.bin", "empty"].toSorted(),
  );

  rclone.calls();
  await rclone.do("copy", "up", "local:dst");
  expect(rclone.calls().filter((route) => route.includes("upload"))).toEqual([]);
  // Another time and the same content: the hash says that there is nothing to send but the time.
  rclone.write("up/a.txt", "alpha", "2026-04-05T06:07:08Z");
  await rclone.do("copy", "--checksum", "up", "local:dst");
  expect(rclone.calls().filter((route) => route.includes("upload"))).toEqual([]);

  await rclone.do("copy", "local:dst", "down");
  expect(rclone.localTree("down")).toEqual(copied);
  expect(await rclone.do("lsl", "down/deep/er")).toContain("2026-03-04 05:06:07");
  await rclone.do("check", "--download", "up", "local:dst");
  await rclone.do("check", "up", "local:dst");
  await rclone.put("/dst/a.txt", "ALPHA", "2026-07-08T09:10:11Z");
  expect(await rclone.try("check", "up", "local:dst")).toMatchObject({ code: 1 });
});

test.for(["sync", "async", "off"])(
  "V1: rclone uploads a file in parts with --dropbox-batch-mode %s",
  async (mode) => {
    await using rclone = await RcloneRun.open();
    rclone.write("up/large", Buffer.alloc(10 * 1024 * 1024 + 17, "a large file; "));
    for (const name of ["x", "y", "z"]) rclone.write(`up/${name}`, `small ${name}`);
    const parts = ["--dropbox-chunk-size", "4M", "--dropbox-batch-mode", mode];
    await rclone.do("copy", ...parts, "up", "local:dst");
    expect(await rclone.remoteTree("/dst")).toEqual(rclone.localTree("up"));
    const routes = new Set(rclone.calls());
    expect(routes.has("files/upload")).toBe(mode === "off");
    expect(routes.has("files/upload_session/finish_batch_v2")).toBe(mode !== "off");
    expect(routes.has("files/upload_session/append_v2")).toBe(true);
  },
);

test("V1: rclone sync makes both sides equal, also by removing", async () => {
  await using rclone = await RcloneRun.open();
  rclone.write("here/kept", "kept");
  rclone.write("here/changed", "one");
  rclone.write("here/gone/below", "gone");
  await rclone.do("sync", "here", "local:there");
  rclone.write("here/changed", "two, and longer", "2026-05-06T07:08:09Z");
  rclone.remove("here/gone");
  rclone.write("here/new", "new");
  await rclone.do("sync", "here", "local:there");
  expect(await rclone.remoteTree("/there")).toEqual({
    changed: "two, and longer",
    kept: "kept",
    new: "new",
  });
  await rclone.put("/there/new", "newer", "2026-07-08T09:10:11Z");
  await rclone.do("sync", "local:there", "here");
  expect(rclone.localTree("here")).toEqual(await rclone.remoteTree("/there"));
});

test("V1: rclone moves and copies on the server", async () => {
  await using rclone = await RcloneRun.open();
  await rclone.put("/a/one", "1");
  await rclone.put("/a/two", "2");
  const before = await rclone.server.sdk.filesGetMetadata({ path: "/a/one" });
  await rclone.do("moveto", "local:a/one", "local:b/moved");
  const after = await rclone.server.sdk.filesGetMetadata({ path: "/b/moved" });
  expect(Reflect.get(after.result, "id")).toBe(Reflect.get(before.result, "id"));
  await rclone.do("copyto", "local:b/moved", "local:c/copied");
  await rclone.do("move", "local:a", "local:d/e");
  await rclone.do("copy", "local:b", "local:f");
  expect(await rclone.remoteTree()).toEqual({
    b: null,
    "b/moved": "1",
    c: null,
    "c/copied": "1",
    d: null,
    "d/e": null,
    "d/e/two": "2",
    f: null,
    "f/moved": "1",
  });
  const routes = new Set(rclone.calls().filter((route) => /download|session/.test(route)));
  // The test itself has looked at the contents.
  expect([...routes]).toEqual(["files/download"]);
  // This version does not take what is in the way out of it, and a copy never overwrites (V36).
  await rclone.put("/b/moved", "1, changed", "2026-07-08T09:10:11Z");
  const refused = await rclone.try("copyto", "local:b/moved", "local:c/copied");
  expect(refused.stderr).toContain("to/conflict/file");
  expect(await rclone.contentOf("/c/copied")).toBe("1");

  rclone.write("out/three", "3");
  await rclone.do("move", "out", "local:d");
  expect(rclone.localTree("out")).toEqual({});
  expect(await rclone.contentOf("/d/three")).toBe("3");
});

test("V1: rclone makes and removes folders, and purges", async () => {
  await using rclone = await RcloneRun.open();
  await rclone.do("mkdir", "local:x/y/z");
  await rclone.do("mkdir", "local:x/y/z");
  await rclone.put("/x/file", "content");
  expect(await rclone.try("rmdir", "local:x")).toMatchObject({ code: 1 });
  await rclone.do("rmdir", "local:x/y/z");
  expect(await rclone.remoteTree()).toEqual({ x: null, "x/file": "content", "x/y": null });
  expect(await rclone.try("rmdir", "local:nowhere")).toMatchObject({ code: 3 });
  await rclone.do("deletefile", "local:x/file");
  await rclone.do("purge", "local:x");
  expect(await rclone.remoteTree()).toEqual({});
  await rclone.do("touch", "local:touched");
  expect(await rclone.remoteTree()).toEqual({ touched: "" });
  expect(await rclone.do("lsf", "local:")).toBe("touched\n");
});

test("V1: rclone reads parts of a file", async () => {
  await using rclone = await RcloneRun.open();
  await rclone.put("/digits", "0123456789");
  expect(await rclone.do("cat", "--offset", "3", "--count", "4", "local:digits")).toBe("3456");
  expect(await rclone.do("cat", "--offset", "-2", "local:digits")).toBe("89");
  expect(await rclone.do("cat", "--head", "1", "local:digits")).toBe("0");
  expect(await rclone.do("cat", "local:digits")).toBe("0123456789");
});

test("V1: rclone bisync carries changes of both sides", async () => {
  await using rclone = await RcloneRun.open();
  rclone.write("here/shared", "one");
  rclone.write("here/mine", "mine");
  await rclone.put("/there/theirs", "theirs");
  const work = ["--workdir", rclone.server.local("work")];
  await rclone.do("bisync", ...work, "--resync", "here", "local:there");
  expect(await rclone.remoteTree("/there")).toEqual(rclone.localTree("here"));
  rclone.write("here/mine", "mine, changed", "2026-06-07T08:09:10Z");
  rclone.write("here/added", "added here");
  rclone.remove("here/shared");
  await rclone.put("/there/theirs", "theirs, changed", "2026-06-07T08:09:11Z");
  await rclone.put("/there/more/added", "added there");
  await rclone.do("bisync", ...work, "--force", "here", "local:there");
  expect(rclone.localTree("here")).toEqual({
    added: "added here",
    mine: "mine, changed",
    "more/added": "added there",
    theirs: "theirs, changed",
  });
  expect(await rclone.remoteTree("/there")).toEqual({ ...rclone.localTree("here"), more: null });
});
