/** The daemon that stands still for a while, or has very much to do at once. */
import { expect, test } from "vitest";
import { daemonLender } from "../../src/daemon/lender.ts";
import { systemClock } from "../../src/std/time.ts";
import { DaemonBox } from "../support/daemon-box.ts";
import { SnapServer } from "../support/snap-server.ts";

/** A daemon whose account is served by a process of its own, which goes on when the daemon stands still. */
async function served(box: DaemonBox): Promise<SnapServer> {
  const server = await SnapServer.start(box.home, "--http", "--port", "0", "--account", "Anna");
  await box.run(0, "login", "--local", "--name", "Anna");
  await box.run(0, "link", box.box.workspace, "/w");
  return server;
}

type Listed = {
  readonly entries: readonly { readonly ".tag": string; readonly path_display: string }[];
};

/** Every file of the linked folder, by its path there. */
async function names(server: SnapServer): Promise<readonly string[]> {
  const answer = await server.call("files/list_folder", { path: "/w", recursive: true });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the API defines it
  const { entries } = (await answer.json()) as Listed;
  return entries
    .filter((entry) => entry[".tag"] === "file" && !entry.path_display.startsWith("/w/.snap/"))
    .map((entry) => entry.path_display.slice("/w/".length))
    .toSorted();
}

test("a daemon that stood still catches up with both sides, and nothing is lost or killed", async () => {
  await using box = new DaemonBox();
  await using server = await served(box);
  for (const name of ["edited", "gone here", "gone there", "both"]) box.box.write(name, "one");
  await box.run(0, "start");
  await box.run(0, "status", "--wait");
  const { pid, supervisor = 0 } = await box.status();
  expect(supervisor).toBeGreaterThan(1);
  for (const process_ of [supervisor, pid]) process.kill(process_, "SIGSTOP");
  try {
    box.box.write("edited", "two");
    box.box.write("made here", "three");
    box.box.remove("gone here");
    box.box.write("both", "here");
    await server.upload("/w/made there", "four");
    await server.call("files/delete_v2", { path: "/w/gone there" });
    await server.upload("/w/both", "there", "overwrite");
  } finally {
    for (const process_ of [pid, supervisor]) process.kill(process_, "SIGCONT");
  }
  await box.run(0, "status", "--wait");
  const tree = box.box.tree();
  const copy = Object.keys(tree).find((name) => name.includes("conflicted copy")) ?? "";
  expect(tree).toEqual({
    both: "there",
    [copy]: "here",
    edited: "two",
    "made here": "three",
    "made there": "four",
  });
  expect(await names(server)).toEqual(Object.keys(tree).toSorted());
  expect((await box.status()).pid).toBe(pid);
});

test("3,000 new files at once go up, each once", async () => {
  await using box = await DaemonBox.linked();
  await box.run(0, "start");
  await box.until("idle");
  for (let number = 0; number < 3_000; number += 1) {
    box.box.write(`d${number % 30}/${number}`, `content ${number}`);
  }
  await box.run(0, "status", "--wait");
  const { watch, exit } = await box.until("idle");
  expect({ watch, exit }).toMatchObject({ exit: 0, watch: { coverage: "whole", folders: 31 } });
  expect(box.log()).not.toContain(" error ");
  const { events } = await box.run(0, "history", "--limit", "5000");
  const sent = events.filter(({ op }) => op === "R.put").map((event) => event["path"]);
  expect([sent.length, new Set(sent).size]).toEqual([3_000, 3_000]);
});

test("N34: whoever comes while a capture stands still is told of the capture, not of the daemon", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a.txt", "one");
  await box.run(0, "start");
  const { id } = await box.until("idle");
  const lending = { locations: box.locations, clock: systemClock };
  {
    await using still = await daemonLender(lending, new AbortController().signal).still(
      id,
      "capture",
    );
    await still?.confirm();
    for (const words of [["capture"], ["restore", "latest", "--yes"], ["sync"]]) {
      const { events } = await box.run(6, ...words);
      expect(events.at(-1), words[0]).toMatchObject({
        message: `"snap capture" is at work here`,
      });
    }
  }
  await box.run(0, "capture");
});
