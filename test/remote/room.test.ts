import { expect, test } from "vitest";
import { linkedServer, uploadOf } from "./linked.ts";

test("T33: an account tells what it still takes", async () => {
  await using linked = await linkedServer();
  const before = await linked.remote.room();
  await linked.remote.upload(uploadOf("a", "seven b"));
  expect(await linked.remote.room()).toBe((before ?? 0) - 7);
});

test.each([
  ["a team shares its room", { ".tag": "team", used: 90, allocated: 100 }, 10],
  ["one that is over its quota has none", { ".tag": "individual", allocated: 4 }, 0],
  ["no limit is no figure", { ".tag": "team", used: 90, allocated: 0 }, undefined],
  ["what is not told is not known", { ".tag": "other" }, undefined],
])("T33: %s", async (_name, allocation, expected) => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route === "users/get_space_usage" ? Response.json({ used: 5, allocation }) : await pass();
  expect(await linked.remote.room()).toBe(expected);
});
