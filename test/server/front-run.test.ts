import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRng } from "../../src/std/random.ts";
import { runServer } from "../../src/server/run.ts";
import type { RunOptions } from "../../src/server/run.ts";
import { HandClock, OpenFront } from "./front-open.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-run-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = (more: Partial<RunOptions> = {}): RunOptions => ({
  data: folder,
  clock: new HandClock(),
  rng: systemRng,
  tls: "own",
  port: 0,
  ...more,
});

test("V9: a start that cannot listen makes no CA, and the right one finds none in its way", async () => {
  await using taken = await OpenFront.with(() => new Response("ok"));
  const names = ["wrong.example"];
  const failing = [
    { names, port: taken.listener.port, code: "busy" },
    // An address of nobody's, set aside for documents.
    { names, host: "192.0.2.1", bindToken: "token", code: "usage" },
    { names, host: "0.0.0.0", code: "usage" },
  ];
  for (const { code, ...more } of failing) {
    await expect(runServer(options(more))).rejects.toMatchObject({ code });
    expect(existsSync(join(folder, "tls"))).toBe(false);
  }
  const running = await runServer(options({ names: ["right.example"] }));
  expect(running.caPath).toBe(join(folder, "tls/ca.crt"));
  expect(running.port).toBeGreaterThan(0);
  await running.close({ graceMs: 0 });
});
