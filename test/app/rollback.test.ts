import { expect, test } from "vitest";
import { rollBack, type RollbackWords } from "../../src/app/rollback.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { LinkedHome } from "./linked-home.ts";

/** `a` was 1 when the platform took its snapshot, is 2 in the cloud, and 1 again on the disk. */
async function rolledBack(): Promise<LinkedHome> {
  const home = await LinkedHome.open({ a: "1", keep: "1" });
  const putBack = home.platformSnapshot();
  home.write("a", "2");
  home.write("later", "1");
  await syncWorkspace(home.environment, home.place, {});
  putBack();
  return home;
}

const words = (home: LinkedHome, choice: RollbackWords["choice"]): RollbackWords => ({
  place: home.place,
  choice,
  consent: { by: "yes" },
  dryRun: false,
  onEvent: () => {},
});

test("S118, S120: by default a disk that was rolled back is held", async () => {
  await using home = await rolledBack();
  const syncing = syncWorkspace(home.environment, home.place, {});
  await expect(syncing).rejects.toMatchObject({ code: "rolled-back", exit: 3 });
  expect(await home.cloud()).toEqual(["a", "keep", "later"]);
});

test("S120: with the setting keep a sync makes the cloud follow the disk", async () => {
  await using home = await rolledBack();
  home.set({ rollback: "keep" });
  expect((await syncWorkspace(home.environment, home.place, {})).exit).toBe(0);
  expect(home.read("a")).toBe("1");
  expect(await home.cloud()).toEqual(["a", "keep"]);
  expect((await syncWorkspace(home.environment, home.place, {})).cycles).toBe(1);
});

test("S120: with the setting discard a sync brings the disk to the cloud's state", async () => {
  await using home = await rolledBack();
  home.set({ rollback: "discard" });
  expect((await syncWorkspace(home.environment, home.place, {})).exit).toBe(0);
  expect([home.read("a"), home.read("later")]).toEqual(["2", "1"]);
  expect(await home.cloud()).toEqual(["a", "keep", "later"]);
});

test("S119: keep makes a linked folder again that is gone, with what the disk holds", async () => {
  await using home = await LinkedHome.open({ a: "1", "d/b": "2" });
  await home.removeLinkedFolder();
  const { environment, place } = home;
  const gone = { code: "remote-missing", exit: 7 };
  await expect(syncWorkspace(environment, place, {})).rejects.toMatchObject(gone);
  const planned = { ...words(home, "keep"), dryRun: true };
  expect(await rollBack(environment, planned, {})).toBe("planned");
  const unasked = { ...words(home, "keep"), consent: { by: "none" } as const };
  await expect(rollBack(environment, unasked, {})).rejects.toMatchObject({
    code: "consent-needed",
  });
  await expect(syncWorkspace(environment, place, {}), "still gone").rejects.toMatchObject(gone);
  await rollBack(environment, words(home, "keep"), {});
  expect((await syncWorkspace(environment, place, {})).exit).toBe(0);
  expect(await home.cloud()).toEqual(["a", "d/b"]);
  expect([home.read("a"), home.read("d/b")]).toEqual(["1", "2"]);
});

test("S119: discard is refused where the linked folder is gone", async () => {
  await using home = await LinkedHome.open({ a: "1" });
  await home.removeLinkedFolder();
  const discarding = rollBack(home.environment, words(home, "discard"), {});
  await expect(discarding).rejects.toMatchObject({ code: "remote-missing", exit: 7 });
  expect(home.read("a")).toBe("1");
});
