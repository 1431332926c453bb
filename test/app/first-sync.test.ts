import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { FirstPlan } from "../../src/app/first-plan.ts";
import { linkAndSync, type FirstOutcome, type FirstWords } from "../../src/app/first-sync.ts";
import { planLink, removeLink } from "../../src/app/link.ts";
import { prepareLink } from "../../src/app/prepare-link.ts";
import { undoRestore } from "../../src/app/restore.ts";
import { openSnapshotStore } from "../../src/app/store.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { SnapError } from "../../src/std/error.ts";
import { LinkedHome } from "./linked-home.ts";

/** What the cloud holds, and this disk after it was unlinked and changed. */
async function parted(): Promise<LinkedHome> {
  const home = await LinkedHome.open({ same: "s", edited: "1", ".hidden/x": "h", "gone/y": "y" });
  await removeLink(home.environment, home.place, { dryRun: false });
  home.write("edited", "2");
  home.write("mine", "m");
  home.write(".dot", "d");
  home.remove("gone");
  return home;
}

function words(initial: FirstWords["initial"], more: Partial<FirstWords> = {}): FirstWords {
  return {
    initial,
    dryRun: false,
    consent: { by: "yes" },
    agree: () => Promise.resolve(),
    onPlan: () => {},
    onEvent: () => {},
    ...more,
  };
}

async function first(home: LinkedHome, wanted: FirstWords, remote = "/w"): Promise<FirstOutcome> {
  const { environment, place } = home;
  const link = await planLink(environment, { folder: place, remote });
  return await linkAndSync(environment, { link, words: wanted }, {});
}

const undo = (home: LinkedHome) =>
  undoRestore(
    home.environment,
    {
      place: home.place,
      restore: undefined,
      skipChanged: false,
      consent: { by: "yes" },
      dryRun: false,
      onEvent: () => {},
    },
    {},
  );

const isLinked = (home: LinkedHome) =>
  home.environment.settings.read().workspaces.some(({ linkId }) => linkId !== undefined);

test("S44: push makes Dropbox like the disk, hidden files included; undo takes it back", async () => {
  await using home = await parted();
  const outcome = await first(home, words("push"));
  expect(outcome).toMatchObject({ kind: "one-sided", report: { exit: 0 } });
  const disk = [".dot", ".hidden/x", "edited", "mine", "same"];
  expect(home.tree()).toEqual(disk);
  expect(await home.cloud()).toEqual(disk);
  expect((await syncWorkspace(home.environment, home.place, {})).cycles).toBe(1);
  await undo(home);
  expect(await home.cloud(), "what Dropbox had is there again").toContain("gone/y");
});

test("S44: pull makes the disk like Dropbox, hidden files included; what the disk had is in a snapshot, and undo brings it back", async () => {
  await using home = await parted();
  const saved: string[] = [];
  const onEvent: FirstWords["onEvent"] = (event) => {
    if (event.type === "saved") saved.push(event.side);
  };
  const outcome = await first(home, words("pull", { onEvent }));
  expect(outcome).toMatchObject({ kind: "one-sided", report: { exit: 0 } });
  expect(saved).toContain("local");
  const store = await openSnapshotStore(home.environment);
  expect(await store.list()).toMatchObject([{ reason: "before-link", side: "local" }]);
  const cloud = [".hidden/x", "edited", "gone/y", "same"];
  expect(home.tree()).toEqual(cloud);
  expect(home.read("edited")).toBe("1");
  expect(await home.cloud()).toEqual(cloud);
  expect((await syncWorkspace(home.environment, home.place, {})).cycles).toBe(1);
  await undo(home);
  expect([home.read("mine"), home.read("edited")]).toEqual(["m", "2"]);
});

test("S44: merge unites both sides, and its plan says how much travels", async () => {
  await using home = await parted();
  const plans: FirstPlan[] = [];
  const outcome = await first(home, words("merge", { onPlan: (plan) => plans.push(plan) }));
  expect(plans).toMatchObject([
    {
      kind: "unite",
      plan: { equal: 2, conflicts: 1, down: { files: 2, bytes: 2 }, up: { files: 2, bytes: 2 } },
    },
  ]);
  expect(outcome).toMatchObject({ kind: "united", report: { upToDate: true } });
  expect(home.tree()).toEqual(await home.cloud());
  expect(home.tree()).toHaveLength(7);
});

const sides = ["merge", "push", "pull"] as const;

test.each(sides)("S44: a dry run of %s tells the plan, and changes nothing", async (initial) => {
  await using home = await parted();
  const before = [home.tree(), await home.cloud(), home.environment.settings.read()];
  const plans: FirstPlan[] = [];
  const onPlan: FirstWords["onPlan"] = (plan) => plans.push(plan);
  const outcome = await first(home, words(initial, { dryRun: true, onPlan }));
  expect([outcome.kind, plans.length]).toEqual(["planned", 1]);
  expect([home.tree(), await home.cloud(), home.environment.settings.read()]).toEqual(before);
});

test.each(sides)("T9: without consent to %s nothing is bound", async (initial) => {
  await using home = await parted();
  const refuse = new SnapError("consent-needed", "no");
  const unasked = words(initial, {
    consent: { by: "none" },
    agree: () => Promise.reject(refuse),
  });
  await expect(first(home, unasked)).rejects.toMatchObject({ code: "consent-needed", exit: 3 });
  expect(isLinked(home)).toBe(false);
  expect(home.read("edited")).toBe("2");
});

test("T19: what changed after the plan was shown is asked about again; declined, nothing is bound", async () => {
  await using home = await parted();
  let asked = 0;
  const ask = (): Promise<boolean> => {
    asked += 1;
    home.write("late", "l");
    return Promise.resolve(asked === 1);
  };
  const declined = first(home, words("pull", { consent: { by: "ask", ask } }));
  await expect(declined).rejects.toMatchObject({ code: "refused" });
  expect([asked, isLinked(home), home.read("late")]).toEqual([2, false, "l"]);
});

test("S44: a folder that is not in Dropbox cannot be pulled from, and is made by a push", async () => {
  await using home = await parted();
  await expect(first(home, words("pull"), "/none")).rejects.toMatchObject({ code: "path-missing" });
  expect([isLinked(home), home.read("mine")]).toEqual([false, "m"]);
  const plans: FirstPlan[] = [];
  await first(home, words("push", { onPlan: (plan) => plans.push(plan) }), "/none");
  expect(plans).toMatchObject([{ kind: "unite", plan: { up: { files: 5, bytes: 5 } } }]);
  expect(home.environment.settings.read().workspaces[0]).not.toHaveProperty("initial");
});

test("S44: a first link of a folder that no snap knew leaves nothing behind when it is declined", async () => {
  await using home = await parted();
  const { environment, place } = home;
  environment.settings.update((config) => ({ ...config, workspaces: [] }));
  rmSync(path.join(place, ".snap"), { recursive: true });
  const folders = readdirSync(environment.locations.workspaces);
  await first(home, words("push", { dryRun: true }));
  expect(existsSync(path.join(place, ".snap/root.json"))).toBe(false);
  expect(environment.settings.read().workspaces).toEqual([]);
  expect(readdirSync(environment.locations.workspaces)).toEqual(folders);
});

test("S44: a first sync that was cut off before it began is never made a union of both", async () => {
  await using home = await parted();
  const { environment, place } = home;
  const link = await planLink(environment, { folder: place, remote: "/w" });
  {
    await using prepared = await prepareLink(environment, link, "pull");
    prepared.finish();
  }
  const syncing = syncWorkspace(environment, place, {});
  await expect(syncing).rejects.toMatchObject({ code: "refused", exit: 3 });
  expect(await home.cloud()).not.toContain("mine");
  await first(home, words("pull"));
  expect(home.read("edited")).toBe("1");
  expect((await syncWorkspace(environment, place, {})).upToDate).toBe(true);
});

test("S44: what was cut off in the middle is finished by the next sync", async () => {
  await using home = await parted();
  const stop = new AbortController();
  const onEvent: FirstWords["onEvent"] = (event) => {
    if (event.type === "state" && event.state === "committed") stop.abort();
  };
  const { environment, place } = home;
  const link = await planLink(environment, { folder: place, remote: "/w" });
  const cutOff = linkAndSync(
    environment,
    { link, words: words("pull", { onEvent }) },
    { signal: stop.signal },
  );
  await expect(cutOff).rejects.toMatchObject({ code: "interrupted" });
  expect((await syncWorkspace(environment, place, {})).upToDate).toBe(true);
  expect(home.tree()).toEqual([".hidden/x", "edited", "gone/y", "same"]);
  expect(environment.settings.read().workspaces[0]).not.toHaveProperty("initial");
});
