import { expect, test } from "vitest";
import { formatBeacon, parseBeacon } from "../../src/core/beacon.ts";
import { openEngine } from "../../src/engine/engine.ts";
import {
  acceptGeneration,
  checkRollback,
  findRollback,
  raiseGeneration,
  writeBeacon,
} from "../../src/engine/guards/rollback.ts";
import { SnapError } from "../../src/std/error.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const place = at(".snap/devices/l1.json");

/** A sync that changed something: both sides agree, and the generation is told to everybody. */
async function cycle(workspace: LinkedWorkspace): Promise<void> {
  await raiseGeneration(workspace.deps);
  await workspace.look();
  await writeBeacon(workspace.deps);
}

async function check(workspace: LinkedWorkspace) {
  await workspace.look();
  return checkRollback(workspace.deps);
}

/** Both `{a=1}`, saved by the platform; then another sync. */
async function synced(): Promise<LinkedWorkspace> {
  const workspace = await LinkedWorkspace.open({ a: "1" });
  expect(await check(workspace)).toBeUndefined();
  await cycle(workspace);
  await workspace.save();
  await workspace.write("a", "2");
  await workspace.upload("a", "2");
  await cycle(workspace);
  return workspace;
}

async function beacon(workspace: LinkedWorkspace) {
  const document = await workspace.other.document(place);
  return parseBeacon(document?.text ?? "");
}

test("S116: a cycle is counted in the index, the root marker and the beacon", async () => {
  await using workspace = await synced();
  expect(workspace.index.meta("generation")).toBe("2");
  expect(workspace.index.meta("marked")).toBe("2");
  expect(await workspace.deps.local.readMarker()).toMatchObject({ generation: 2 });
  expect(await beacon(workspace)).toMatchObject({
    generation: 2,
    device: "desk",
    tool: "snap 0.1.0",
  });
  expect(await check(workspace)).toBeUndefined();
});

test("S116: a first beacon is written without a change, and never a second for one generation", async () => {
  await using workspace = await LinkedWorkspace.open();
  expect(await check(workspace)).toBeUndefined();
  await writeBeacon(workspace.deps);
  const first = await workspace.other.document(place);
  expect(parseBeacon(first?.text ?? "")?.generation).toBe(0);
  workspace.clock.advance(3_600_000);
  await writeBeacon(workspace.deps);
  workspace.reopen();
  expect(await check(workspace)).toBeUndefined();
  await writeBeacon(workspace.deps);
  expect(await workspace.other.document(place)).toEqual(first);
});

test("S117, row 1: workspace and index put back: the beacon is ahead", async () => {
  await using workspace = await synced();
  await workspace.putBack("workspace");
  await workspace.putBack("index");
  expect(await check(workspace)).toMatchObject({
    found: "index-behind",
    generation: 1,
    marker: 1,
    beacon: { generation: 2 },
  });
  expect(await check(workspace), "and stays so").toBeDefined();
});

test("S117, row 2: the workspace alone put back: its marker is behind", async () => {
  await using workspace = await synced();
  await workspace.putBack("workspace");
  expect(await check(workspace)).toMatchObject({
    found: "workspace-behind",
    generation: 2,
    marker: 1,
  });
});

test("S117, row 4: put back as a copy, with new inodes and change times", async () => {
  await using workspace = await synced();
  await workspace.putBack("index");
  await workspace.putBack("workspace");
  await workspace.write("a", "1");
  expect(await check(workspace)).toMatchObject({ found: "index-behind" });
});

test("S77, S117, row 5: the workspace put back and the index lost: the marker against the beacon", async () => {
  await using workspace = await synced();
  await workspace.putBack("workspace");
  await workspace.loseIndex();
  expect(await check(workspace)).toMatchObject({ found: "index-behind", generation: 1, marker: 1 });
});

/** What a comparison could write: of the index, the root marker and the linked folder. */
async function notes({ index, deps, other }: LinkedWorkspace) {
  const keys = ["generation", "marked", "beacon"] as const;
  const metas = keys.map((key) => index.meta(key));
  return [metas, await deps.local.readMarker(), await other.document(place)];
}

test.each<[string, (workspace: LinkedWorkspace) => Promise<void>]>([
  [
    "workspace and index",
    async (workspace) => {
      await workspace.putBack("workspace");
      await workspace.putBack("index");
    },
  ],
  ["the workspace alone", (workspace) => workspace.putBack("workspace")],
  [
    "the workspace, and the index is lost",
    async (workspace) => {
      await workspace.putBack("workspace");
      await workspace.loseIndex();
    },
  ],
])("S52, S118: a dry run plans nothing where %s went back, and writes nothing", async (_, back) => {
  await using workspace = await synced();
  await back(workspace);
  const before = await notes(workspace);
  const looking = openEngine(workspace.deps).dryRun();
  await expect(looking).rejects.toMatchObject({ code: "rolled-back", exit: 3 });
  expect(await notes(workspace)).toEqual(before);
});

test("S52, S117: a look that finds no rollback notes nothing of the beacon, nor a generation", async () => {
  await using workspace = await synced();
  await workspace.loseIndex();
  const before = await notes(workspace);
  await workspace.look();
  expect(await findRollback(workspace.deps)).toBeUndefined();
  await openEngine(workspace.deps).dryRun();
  expect(await notes(workspace)).toEqual(before);
  expect(workspace.index.meta("generation")).toBeUndefined();
});

test("S77: an index that was lost alone does not look rolled back", async () => {
  await using workspace = await synced();
  await workspace.loseIndex();
  expect(await check(workspace)).toBeUndefined();
  expect(workspace.index.meta("generation")).toBe("2");
});

test("S117, row 7: the linked folder emptied behind an older state", async () => {
  await using workspace = await synced();
  await workspace.removeRemote("a");
  const document = await workspace.other.document(place);
  await workspace.other.deleteFile(place, document?.rev ?? "");
  expect(await check(workspace)).toMatchObject({ found: "remote-emptied", beacon: undefined });
});

test("S117: a beacon that is missing alone is written again", async () => {
  await using workspace = await synced();
  const document = await workspace.other.document(place);
  await workspace.other.deleteFile(place, document?.rev ?? "");
  expect(await check(workspace)).toBeUndefined();
  await writeBeacon(workspace.deps);
  expect(await beacon(workspace)).toMatchObject({ generation: 2 });
});

test("S116: what is no beacon says nothing, and is replaced by the next one", async () => {
  await using workspace = await synced();
  const document = await workspace.other.document(place);
  await workspace.other.writeDocument(place, "[1e400]", document?.rev);
  expect(await check(workspace)).toBeUndefined();
  await cycle(workspace);
  expect(await beacon(workspace)).toMatchObject({ generation: 3 });
});

type Fault = (workspace: LinkedWorkspace) => void;

const killed = () => Promise.reject(new Error("killed"));

test.each<[string, Fault]>([
  ["the index and before the marker", ({ deps }) => (deps.local.writeMarker = killed)],
  [
    "the marker and before it is noted",
    ({ deps }) => {
      const write = deps.local.writeMarker.bind(deps.local);
      deps.local.writeMarker = async (marker) => {
        await write(marker);
        await killed();
      };
    },
  ],
  ["the marker and before the beacon", ({ deps }) => (deps.remote.writeDocument = killed)],
  [
    "the beacon and before it is noted",
    ({ deps }) => {
      const write = deps.remote.writeDocument.bind(deps.remote);
      deps.remote.writeDocument = async (...args) => {
        await write(...args);
        return killed();
      };
    },
  ],
])("S117: a kill after %s does not look like a rollback", async (_, fault) => {
  await using workspace = await synced();
  fault(workspace);
  await expect(cycle(workspace)).rejects.toThrow("killed");
  workspace.reopen();
  expect(await check(workspace)).toBeUndefined();
  await cycle(workspace);
  expect(await check(workspace)).toBeUndefined();
  const generation = Number(workspace.index.meta("generation"));
  expect(await beacon(workspace)).toMatchObject({ generation });
});

test("S116: a beacon whose answer was lost is not written twice", async () => {
  await using workspace = await synced();
  await raiseGeneration(workspace.deps);
  const known = await workspace.other.document(place);
  const text = formatBeacon({
    generation: 3,
    time: "2026-11-21T12:00:00Z",
    device: "desk",
    tool: "t",
  });
  const rev = await workspace.other.writeDocument(place, text, known?.rev);
  await writeBeacon(workspace.deps);
  expect(await workspace.other.document(place)).toEqual({ text, rev });
});

test("S117: a conflict on the beacon is compared before anything else is done", async () => {
  await using workspace = await synced();
  await raiseGeneration(workspace.deps);
  const known = await workspace.other.document(place);
  const ahead = { generation: 9, time: "2026-11-21T12:00:00Z", device: "copy", tool: "t" };
  await workspace.other.writeDocument(place, formatBeacon(ahead), known?.rev);
  const writing = writeBeacon(workspace.deps);
  await expect(writing).rejects.toBeInstanceOf(SnapError);
  await expect(writing).rejects.toMatchObject({ code: "rolled-back", exit: 3 });
  expect(await beacon(workspace)).toEqual(ahead);
});

test.each<[string, (workspace: LinkedWorkspace) => Promise<void>]>([
  [
    "index and workspace",
    async (workspace) => {
      await workspace.putBack("workspace");
      await workspace.putBack("index");
    },
  ],
  ["workspace", (workspace) => workspace.putBack("workspace")],
  [
    "emptied folder",
    async (workspace) => {
      await workspace.removeRemote("a");
      const document = await workspace.other.document(place);
      await workspace.other.deleteFile(place, document?.rev ?? "");
    },
  ],
])("S119: after a choice nothing looks rolled back: %s", async (_, damage) => {
  await using workspace = await synced();
  await damage(workspace);
  expect(await check(workspace)).toBeDefined();
  await acceptGeneration(workspace.deps, "discard");
  expect(await check(workspace)).toBeUndefined();
  expect(Number(workspace.index.meta("generation"))).toBeGreaterThan(2);
  await writeBeacon(workspace.deps);
  expect(await beacon(workspace)).toMatchObject({
    generation: Number(workspace.index.meta("generation")),
  });
});
