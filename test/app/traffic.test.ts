import { expect, test } from "vitest";
import { setSetting } from "../../src/app/config.ts";
import { Traffic } from "../../src/app/traffic.ts";
import { TestClock } from "../support/test-clock.ts";
import { LinkedHome } from "./linked-home.ts";

function set(home: LinkedHome, values: readonly string[], workspace?: string): void {
  setSetting(home.environment, { name: "transfer.upload", values, workspace, dryRun: false });
}

test("a limit that is set holds within a second, without another start", async () => {
  await using home = await LinkedHome.open({});
  const clock = new TestClock();
  const traffic = new Traffic({ settings: home.environment.settings, clock });
  const limits = traffic.limitsOf(undefined);
  expect(limits()).toEqual({});
  set(home, ["64KiB"]);
  clock.advance(1_000);
  const { upload, download } = limits();
  expect([upload?.pieceBytes, download]).toEqual([3_277, undefined]);
  set(home, []);
  clock.advance(1_000);
  expect([limits(), upload?.pieceBytes]).toEqual([{}, undefined]);
});

test("all share the user's limit, but for a workspace that has its own", async () => {
  await using home = await LinkedHome.open({});
  const [record] = home.environment.settings.read().workspaces;
  set(home, ["1MiB"]);
  set(home, ["64KiB"], home.place);
  const traffic = new Traffic({ ...home.environment, clock: new TestClock() });
  const [one, other] = ["one", "other"].map((id) => traffic.limitsOf(id)().upload);
  expect(one).toBeDefined();
  expect(other).toBe(one);
  const own = traffic.limitsOf(record?.id)().upload;
  expect(own).not.toBe(one);
  expect(own?.pieceBytes).toBe(3_277);
});

test("what is said for one run goes before every setting", async () => {
  await using home = await LinkedHome.open({});
  const [record] = home.environment.settings.read().workspaces;
  set(home, ["1MiB"]);
  set(home, ["64KiB"], home.place);
  const parts = { ...home.environment, clock: new TestClock() };
  expect(new Traffic(parts, { upload: 0 }).limitsOf(record?.id)()).toEqual({});
  const forced = new Traffic(parts, { upload: 40 * 1024 });
  expect(forced.limitsOf(record?.id)().upload?.pieceBytes).toBe(2_048);
  expect(forced.limitsOf(undefined)().upload).toBe(forced.limitsOf(record?.id)().upload);
});
