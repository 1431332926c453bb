import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";

/** A file system of 2 MiB; only root can make one, elsewhere these tests are left out. */
const isRoot = process.getuid?.() === 0 && process.platform === "linux";
const disk = await mkdtemp(join(tmpdir(), "snap-full-"));
const mounted =
  isRoot && spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]).status === 0;

afterAll(async () => {
  if (mounted) spawnSync("umount", [disk]);
  await rm(disk, { recursive: true });
});

const full = { ".tag": "insufficient_space" };
const tooLarge = Buffer.alloc(3_000_000, 2);

test.skipIf(!mounted)(
  "V37: a full disk is insufficient_space, nothing half written, and reading goes on",
  async () => {
    const checked = await CheckedServer.open({ data: join(disk, "data") });
    await checked.upload("/kept", Buffer.alloc(300_000, 1));
    const { json: session } = await checked.content(
      "files/upload_session/start",
      {},
      { body: "x" },
    );

    const upload = await checked.content("files/upload", { path: "/a" }, { body: tooLarge });
    expect(upload.json.error).toEqual({ ".tag": "path", reason: full, upload_session_id: "" });
    const cursor = { ...session, offset: 1 };
    const finish = await checked.content(
      "files/upload_session/finish",
      { cursor, commit: { path: "/b" } },
      { body: tooLarge },
    );
    expect(finish.json.error).toEqual({ ".tag": "path", path: full });
    // The union of `append_v2` has no member for it.
    const append = await checked.content(
      "files/upload_session/append_v2",
      { cursor },
      { body: tooLarge },
    );
    expect(append.json.error).toEqual({ ".tag": "other" });
    expect(append.json.user_message.text).toContain("no room left");

    let refused = 0;
    for (let index = 0; index < 200 && refused === 0; index += 1) {
      const folder = { path: `/${String(index)}/${"n".repeat(200)}/${"m".repeat(200)}` };
      const made = await checked.content("files/upload", folder, {
        body: Buffer.alloc(16_000, index),
      });
      if (made.status === 409) refused = index;
    }
    expect(refused, "the database became full").toBeGreaterThan(0);
    const batch = { num_sessions: 1000 };
    const sessions = await checked.rpc("files/upload_session/start_batch", batch);
    expect([sessions.status, sessions.json.error], "a route without errors").toEqual([503, full]);
    const made = await checked.rpc("files/get_metadata", { path: `/${refused}` });
    expect(made.json.error.path).toEqual({ ".tag": "not_found" });
    const read = await checked.content("files/download", { path: "/kept" });
    expect(read.text).toHaveLength(300_000);
    await checked.server.close();

    const names = await readdir(join(disk, "data"), { recursive: true });
    expect(names.filter((name) => name.endsWith(".part"))).toEqual([]);
  },
);
