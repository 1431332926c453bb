import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { intentOf } from "../../src/engine/execute/intents.ts";
import { recover } from "../../src/engine/recover/recover.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

/**
 * A client that moves twice whatever it moves: the answer of each first attempt is lost on its way, and what the port
 * gets to see is the answer to the repeat.
 */
function losingMoves(
  workspace: LinkedWorkspace,
  beforeMove: () => Promise<void> = async () => {},
  isLosing = true,
): RemoteSide {
  const { account } = workspace.deps.config;
  const { refreshToken } = workspace.server.issueToken(account);
  const auth = { appKey: "snap", refreshToken };
  let attempts = 0;
  const fetchLosing: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.endsWith("files/move_v2")) return workspace.server.fetch(input, init);
    attempts += 1;
    if (attempts === 1) await beforeMove();
    const response = await workspace.server.fetch(input, init);
    if (!isLosing || attempts % 2 === 0) return response;
    await response.arrayBuffer();
    throw new TypeError("fetch failed", { cause: new Error("ECONNRESET") });
  };
  const clock = new TestClock(workspace.clock.now());
  const shared = { account, auth, clock, fetch: fetchLosing, top: "/Linked" };
  return openRemote({ ...shared, rng: seededRng(9) });
}

async function onServer({ other }: LinkedWorkspace): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of other.list(at(""), { recursive: true })) {
    if (path !== "" && !path.startsWith(".snap/") && path !== ".snap") paths.push(path);
  }
  return paths.toSorted();
}

async function syncLosing(
  workspace: LinkedWorkspace,
  beforeMove?: () => Promise<void>,
): Promise<number> {
  const remote = losingMoves(workspace, beforeMove);
  return (await openEngine({ ...workspace.deps, remote }).sync()).exit;
}

test("S63, S83: nothing stays of a removed folder where the answer of its move is lost", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/f": "one", keep: "k" });
  await workspace.remove("d");
  expect(await syncLosing(workspace)).toBe(0);
  expect(await onServer(workspace)).toEqual(["keep"]);
  expect(workspace.index.intents()).toEqual([]);
});

test.each([
  ["a new file", "d/new", ["d", "d/new", "keep"]],
  ["a file in a new folder", "d/sub/new", ["d", "d/sub", "d/sub/new", "keep"]],
  ["another edition of a file that was deleted", "d/f", ["d", "d/f", "keep"]],
])("S63, S83: %s that came into it just before goes back to its place", async (_, path, kept) => {
  await using workspace = await LinkedWorkspace.open({ "d/f": "one", keep: "k" });
  await workspace.remove("d");
  const race = async (): Promise<void> => void (await workspace.upload(path, "news"));
  expect(await syncLosing(workspace, race)).toBe(0);
  expect(await onServer(workspace)).toEqual(kept);
  expect(await workspace.read(path)).toBe("news");
});

test.each([
  ["file", "d", ["d", "keep"]],
  ["folder", "d/new/", ["d", "d/new", "keep"]],
])(
  "S63: a %s that took its place right before it was moved away goes back there",
  async (...of) => {
    const [, path, kept] = of;
    await using workspace = await LinkedWorkspace.open({ "d/f": "one", keep: "k" });
    await workspace.remove("d");
    const race = async (): Promise<void> => {
      await workspace.removeRemote("d");
      if (path.endsWith("/")) await workspace.other.makeFolder(at(path.slice(0, -1)));
      else await workspace.upload(path, "news");
    };
    expect(await syncLosing(workspace, race)).toBe(0);
    expect(await onServer(workspace)).toEqual(kept);
    expect(workspace.index.intents()).toEqual([]);
  },
);

test("S49, S83: a ring of renames comes through where every answer is lost", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "2" });
  await workspace.rename("a", "c");
  await workspace.rename("b", "a");
  await workspace.rename("c", "b");
  expect(await syncLosing(workspace)).toBe(0);
  expect(await onServer(workspace)).toEqual(["a", "b"]);
  expect((await workspace.other.get(at("a")))?.size).toBe(1);
  const log = workspace.index.logged(20).filter(({ outcome }) => outcome !== "done");
  expect(log).toEqual([]);
});

test("S16, S83: so does a rename of case alone", async () => {
  await using workspace = await LinkedWorkspace.open({ name: "1" });
  await workspace.rename("name", "Name");
  expect(await syncLosing(workspace)).toBe(0);
  expect(await onServer(workspace)).toEqual(["Name"]);
  const log = workspace.index.logged(20).filter(({ outcome }) => outcome !== "done");
  expect(log).toEqual([]);
});

test("S61: another file that took the place of a moved one right before is not moved for it", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "22" });
  await workspace.rename("a", "c");
  const swap = async (): Promise<void> => {
    await workspace.other.move(at("a"), at("t"));
    await workspace.other.move(at("b"), at("a"));
    await workspace.other.move(at("t"), at("b"));
  };
  const remote = losingMoves(workspace, swap, false);
  expect((await openEngine({ ...workspace.deps, remote }).sync()).exit).toBe(0);
  expect(await onServer(workspace)).toEqual(["a", "b"]);
  expect([await workspace.read("a"), await workspace.read("b")]).toEqual(["22", "1"]);
});

test("S63: what cannot go back because its folder is a file now goes beside that", async () => {
  await using workspace = await LinkedWorkspace.open({ keep: "k" });
  await workspace.upload(".snap-tmp-8/f", "one");
  await workspace.upload("d", "a file");
  const skeleton = { step: "skeleton", staged: at(".snap-tmp-8"), from: at("d") } as const;
  const { index } = workspace;
  index.transaction(() => index.putIntent(intentOf("8", 1, skeleton)));
  await recover(workspace.deps);
  expect(await onServer(workspace)).toEqual(["d", "f", "keep"]);
});
