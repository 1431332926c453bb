import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { daemonClient } from "../../src/daemon/client.ts";
import { DaemonBox } from "../support/daemon-box.ts";

const snapshots = async (box: DaemonBox): Promise<readonly unknown[]> =>
  (await box.run(0, "list")).events.filter(({ type }) => type === "snapshot");

/** Wait until the background sync has taken a snapshot. */
async function taken(box: DaemonBox): Promise<string> {
  return await box.event((event) => {
    if (event.type === "daemon") return event.status.workspaces[0]?.snapshots?.last?.id;
    return event.type === "workspace" ? event.workspace.snapshots?.last?.id : undefined;
  });
}

test("N47: the background sync takes a snapshot when it is at rest, a status tells it, and restarts make no more", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a.txt", "one");
  await box.run(0, "start");
  const id = await taken(box);
  expect(await snapshots(box)).toMatchObject([{ id, reason: "schedule" }]);
  expect((await box.run(0, "status")).events.at(-1)).toMatchObject({
    snapshots: { schedule: "daily", last: { id }, nextAt: expect.any(Number) },
  });
  for (let restarts = 0; restarts < 2; restarts += 1) {
    await box.run(0, "restart");
    box.box.write("a.txt", `more ${restarts}`);
    await box.until("idle");
  }
  await box.run(0, "stop");
  expect(await snapshots(box)).toHaveLength(1);
  expect(readFileSync(path.join(box.locations.log, "snap.log"), "utf8")).toContain(
    "a snapshot was taken",
  );
});

test("N34: a capture beside the background sync leaves it open, and waits for 'Up to date' where it is told to", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "config", "set", "snapshot.schedule", "off");
  box.box.write("a.txt", "one");
  const off = await box.run(3, "capture", "--wait-clean", "1s");
  expect(off.stdout + off.stderr).toContain("snap start");
  await box.run(0, "start");
  await box.until("idle");
  box.box.write("b.txt", "two");
  const states = new Set<string>();
  const stop = new AbortController();
  const watching = (async () => {
    for await (const event of daemonClient(box).events(stop.signal)) {
      if (event.type === "workspace") states.add(event.workspace.live.state);
    }
  })().catch(() => undefined);
  await box.run(0, "capture", "--wait-clean", "1m");
  stop.abort();
  await watching;
  expect(states).not.toContain("lent");
  const [snapshot] = await snapshots(box);
  expect(snapshot).toMatchObject({ reason: "manual", counts: { files: 2 } });
  const shown = await box.run(0, "show", "latest");
  expect(shown.stdout).toContain('"sync":"clean"');
  await box.run(0, "stop");
  box.box.write("c.txt", "three");
  await box.run(0, "capture");
  const pending = await box.run(0, "show", "latest");
  expect(pending.events.find(({ sync }) => sync !== undefined)).toMatchObject({
    sync: { pending: 1, conflicting: 0 },
  });
});
