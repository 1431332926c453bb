import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeFetch } from "../support/node-fetch.ts";
import { RcloneRun } from "./rclone-run.ts";

test("V1: rclone asks for space and makes a link that can be fetched", async () => {
  await using rclone = await RcloneRun.open();
  await rclone.put("/file.txt", "for everybody");
  const about = await rclone.json("about", "--json", "local:");
  expect(about).toEqual({ total: 2 * 1024 ** 4, used: 13, free: 2 * 1024 ** 4 - 13 });

  const link = (await rclone.do("link", "local:file.txt")).trim();
  expect(new URL(link).pathname).toMatch(/^\/scl\/fi\//);
  // The second time the same link comes back.
  expect((await rclone.do("link", "local:file.txt")).trim()).toBe(link);
  const { running, caPath } = rclone.server;
  const reach = nodeFetch({ port: running.port, ca: readFileSync(caPath, "utf8") });
  const fetched = await reach(link.replace("dl=0", "dl=1"));
  expect([fetched.status, await fetched.text()]).toEqual([200, "for everybody"]);
});

test("V16: rclone names the root itself with a path from /", async () => {
  await using rclone = await RcloneRun.open();
  rclone.write("up/a", "content");
  await rclone.do("copy", "up", "local:/abs/folder");
  expect(await rclone.remoteTree()).toEqual({
    abs: null,
    "abs/folder": null,
    "abs/folder/a": "content",
  });
  expect(rclone.calls()).toContain("users/get_current_account");
  expect(await rclone.do("cat", "local:/abs/folder/a")).toBe("content");
});

const names = [
  " leading space",
  "trailing space ",
  "trailing dot.",
  "#hash & %41 percent + plus",
  "back\\slash",
  "quotes \"double\" 'single' <angle>",
  "emoji \u{1f980}\u{1f469}\u{200d}\u{1f52c}",
  "composed \u00e9",
  "Gr\u00fc\u00dfe \u4f60\u597d",
  "tab\tinside",
  "x".repeat(240),
];

test("V24: rclone brings names with every kind of character there and back", async () => {
  await using rclone = await RcloneRun.open();
  for (const name of names) rclone.write(`up/${name}`, `content of ${name}`);
  await rclone.do("copy", "up", "local:dst");
  await rclone.do("copy", "local:dst", "down");
  expect(rclone.localTree("down")).toEqual(rclone.localTree("up"));
  const stored = Object.keys(await rclone.remoteTree("/dst"));
  expect(stored).toHaveLength(names.length);
  // rclone sends these as look-alikes.
  expect(stored).toContain("back\uff3cslash");
  expect(stored).toContain("trailing space\u2420");
  expect(stored).toContain("#hash & %41 percent + plus");
  await rclone.do("check", "up", "local:dst");
});

test("V24: a decomposed name arrives composed, and rclone takes it for the same", async () => {
  await using rclone = await RcloneRun.open();
  rclone.write("up/e\u0301", "decomposed");
  await rclone.do("copy", "up", "local:dst");
  expect(await rclone.remoteTree("/dst")).toEqual({ "\u00e9": "decomposed" });
  rclone.calls();
  await rclone.do("sync", "up", "local:dst");
  expect(rclone.calls().filter((route) => /upload|delete/.test(route))).toEqual([]);
});

test("V12: rclone's own hash is the server's", async () => {
  await using rclone = await RcloneRun.open();
  const bytes = Buffer.alloc(5 * 1024 * 1024, "two blocks; ");
  rclone.write("up/file", bytes);
  await rclone.do("copy", "up", "local:dst");
  const blocks = [bytes.subarray(0, 4 * 1024 * 1024), bytes.subarray(4 * 1024 * 1024)];
  const digests = blocks.map((block) => createHash("sha256").update(block).digest());
  const expected = createHash("sha256").update(Buffer.concat(digests)).digest("hex");
  expect(await rclone.do("hashsum", "dropbox", "local:dst")).toBe(`${expected}  file\n`);
  expect(await rclone.do("hashsum", "dropbox", "up")).toBe(`${expected}  file\n`);
});

test("V20: rclone refreshes a token that has ended", async () => {
  await using rclone = await RcloneRun.open();
  await rclone.put("/file", "content");
  const { running, accountId, clock } = rclone.server;
  const { accessToken, refreshToken } = running.server.issueToken(accountId, { clientId: "key" });
  clock.aheadMs = 5 * 60 * 60 * 1000;
  rclone.token = {
    access_token: accessToken,
    token_type: "bearer",
    refresh_token: refreshToken,
    expiry: "2020-01-01T00:00:00Z",
  };
  rclone.calls();
  expect(await rclone.do("cat", "local:file")).toBe("content");
  expect(rclone.calls()).toContain("oauth2/token");
  rclone.token = { access_token: accessToken, token_type: "bearer" };
  const ended = await rclone.try("lsf", "local:");
  expect(ended.stderr).toContain("expired_access_token");
  expect(ended.code).not.toBe(0);
});

test("V50: rclone waits and goes on when it is told to", async () => {
  await using rclone = await RcloneRun.open();
  await rclone.put("/file", "content");
  rclone.server.running.server.admin?.setFaults([
    {
      match: { route: "files/download" },
      fault: { kind: "status", status: 429, retryAfterSeconds: 0 },
      times: 1,
    },
    { match: { route: "files/list_folder" }, fault: { kind: "status", status: 503 }, times: 1 },
  ]);
  await rclone.do("copy", "--retries", "3", "local:", "down");
  expect(rclone.localTree("down")).toEqual({ file: "content" });
  expect(rclone.server.running.server.admin?.fired()).toHaveLength(2);
});
