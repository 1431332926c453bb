import fs from "node:fs";
import { expect, test } from "vitest";
import { World } from "../support/world.ts";

test("S18, S64: an edit of equal size and mtime during the download becomes a conflicted copy", async () => {
  await using world = await World.synced("f: old");
  const place = world.local.at("f");
  fs.utimesSync(place, 1_700_000_000, 1_700_000_000);
  await world.sync();
  await world.remote.write("f", "news of the server");
  world.hooks.after("local.stage", () => {
    fs.writeFileSync(place, "USR");
    fs.utimesSync(place, 1_700_000_000, 1_700_000_000);
  });
  const report = await world.sync();
  expect(report.counts.conflicts).toBe(1);
  const copy = fs.readdirSync(world.local.at("")).find((name) => name.startsWith("f (conflicted"));
  expect(fs.readFileSync(world.local.at(copy ?? ""), "utf8")).toBe("USR");
  expect(fs.readFileSync(place, "utf8")).toBe("news of the server");
  await world.assertAlways();
});
