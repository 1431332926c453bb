import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { RemoteConfirmation } from "../../src/engine/execute/confirm-remote.ts";
import { confirmListingMin } from "../../src/engine/limits.ts";
import { World } from "../support/world.ts";

test("S33: few questions are asked one by one, many by one listing, with equal answers", async () => {
  await using world = await World.synced("d/a: 1\nd/B: 2\nc: 3");
  const names = ["d/a", "d/b", "d/gone", "gone/x", "c"].map(parseRelPath);
  const answers = async (times: number): Promise<(string | undefined)[]> => {
    const confirm = new RemoteConfirmation(world.deps.remote);
    for (let time = 0; time < times; time += 1) for (const name of names) confirm.expect(name);
    const found: (string | undefined)[] = [];
    for (const name of names) found.push((await confirm.at(name))?.name);
    return found;
  };
  world.wire.forget();
  expect(await answers(1)).toEqual(["a", "B", undefined, undefined, "c"]);
  expect(world.wire.calls("/list_folder")).toBe(0);
  world.wire.forget();
  expect(await answers(confirmListingMin)).toEqual(["a", "B", undefined, undefined, "c"]);
  expect(world.wire.calls("/get_metadata")).toBe(0);
  expect(world.wire.calls("/list_folder")).toBe(3);
});

test("S33: of a folder that is a file by now everything is gone", async () => {
  await using world = await World.synced("d/a: 1\nd/b: 2\nd/c: 3");
  await world.remote.remove("d");
  await world.remote.write("d", "a file");
  const { remote } = world.deps;
  const confirm = new RemoteConfirmation(remote);
  const names = ["a", "b", "c"].map((name) => parseRelPath(`d/${name}`));
  for (let time = 0; time < confirmListingMin; time += 1)
    for (const name of names) confirm.expect(name);
  world.wire.forget();
  for (const name of names) expect(await confirm.at(name)).toBeUndefined();
  expect(world.wire.calls("/list_folder")).toBe(1);
});
