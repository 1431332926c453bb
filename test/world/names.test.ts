import { expect, test } from "vitest";
import { realWorlds, scenario } from "../support/scenario.ts";
import { memoryWorld } from "../support/world-memory.ts";
import { World } from "../support/world.ts";

test.each(realWorlds)(
  "G1: two local names that are one to the server are both kept (S42) [$name]",
  async ({ options }) => {
    await using world = await World.open(options());
    world.local.write("File.txt", "1");
    world.local.write("file.txt", "2");
    await world.sync(0);
    expect(world.localText()).toBe("File.txt: 1\nfile.txt: 2");
    const there = await world.remoteText();
    expect(there).toMatch(/^File\.txt: 1\nfile \(case conflict\)\.txt: 2$/);
    await world.assertAlways();
    world.local.write("file.txt", "3");
    await world.sync(0);
    expect(await world.remoteText()).toBe(there.replace(": 2", ": 3"));
    await world.assertAlways();
  },
);

test.each(realWorlds)(
  "G4: the conflicted copy of a name of 250 bytes is a whole name (S88) [$name]",
  async ({ options }) => {
    const name = `${"é".repeat(123)}.txt`;
    expect(Buffer.byteLength(name)).toBe(250);
    await using world = await World.synced(`${name}: 0`, options());
    world.local.write(name, "1");
    await world.remote.write(name, "2");
    await world.sync(0);
    await world.both();
    const copy = [...world.local.tree().keys()].find((found) => found !== name) ?? "";
    expect(copy).toMatch(/^é+ \(conflicted copy box \d{4}-\d\d-\d\d\)\.txt$/);
    expect(Buffer.byteLength(copy)).toBeLessThanOrEqual(255);
    expect([copy.isWellFormed(), world.local.read(name), world.local.read(copy)]).toEqual([
      true,
      "2",
      "1",
    ]);
    await world.assertAlways();
  },
);

scenario("G6: a name with a newline and escape characters is synced (X16)", {
  acts: async ({ R }) => {
    await R.write("a\nb\u001b[2Jc", "1");
    await R.write("good", "2");
  },
  both: "a\nb\u001b[2Jc: 1\ngood: 2",
  mirrored: "a\nb\u001b[2Jc: 1\ngood: 2",
});

/** The names that X1 refuses, as JSON may spell them, and one that is too long. */
const badNames: readonly string[] = [
  "..",
  ".",
  "",
  "a/b",
  "a\\\\b",
  "\\u0000",
  "x\\u0000y",
  "/etc",
  "\\ud800",
  "\\udc00x",
  "n".repeat(256),
  "é".repeat(128),
];

/** Answers of listings in which a name is another one, until the end of the world. */
function forge(world: World, name: string): void {
  const change = async (response: Response): Promise<Response> => {
    world.wire.answer("/list_folder/continue", change);
    const text = (await response.text())
      .replaceAll('"evil"', `"${name}"`)
      .replaceAll('/evil"', `/${name}"`)
      .replaceAll("/evil/", `/${name}/`);
    return new Response(text, { status: response.status, headers: response.headers });
  };
  world.wire.answer("/list_folder/continue", change);
}

/** As a file and as a folder, at the top and below. */
const forms = ["d/evil", "evil/inner", "e/evil/inner/deep"];

test.each(realWorlds.flatMap((kind) => badNames.map((bad) => ({ ...kind, bad }))))(
  "G7: a name of the server that no disk may be given is refused: $bad (X1) [$name]",
  async ({ bad, options }) => {
    await using world = await World.open(options());
    for (const path of forms) await world.remote.write(path, `bad ${path}`);
    for (const path of ["good", "d/good", "z/good"]) await world.remote.write(path, path);
    forge(world, bad);
    const report = await world.syncOnce();
    expect(report.exit).toBe(4);
    expect(report.left.length).toBeGreaterThan(0);
    expect(new Set(report.left.map(({ kind }) => kind))).toEqual(new Set(["refused"]));
    expect(world.localText()).toBe("d/good: d/good\ne/\ngood: good\nz/good: z/good");
    expect([...(await world.remote.tree()).keys()]).toContain("e/evil/inner/deep");
    expect(world.wire.writes()).toEqual([]);
  },
);

scenario("X25: names of object members are names, through every table", {
  base: "__proto__/constructor: 1\ntoString: 2\nhasOwnProperty/__proto__: 3",
  acts: async ({ L, R }) => {
    await L.write("__proto__/__proto__", "4");
    await R.write("constructor", "5");
    await R.move("toString", "valueOf");
    await L.remove("hasOwnProperty");
  },
  both: "__proto__/__proto__: 4\n__proto__/constructor: 1\nconstructor: 5\nvalueOf: 2",
  mirrored: "__proto__/__proto__: 4\n__proto__/constructor: 1\nconstructor: 5\nvalueOf: 2",
});

scenario("X26: names that look like SQL are names", {
  base: "'; DROP TABLE synced; --: 1",
  acts: async ({ L, R }) => {
    await L.move("'; DROP TABLE synced; --", '" OR 1=1');
    await R.write("%_*?[a]", "2");
    await R.write("x' || (SELECT 1) || '", "3");
  },
  both: "\" OR 1=1: 1\n%_*?[a]: 2\nx' || (SELECT 1) || ': 3",
  mirrored: "\" OR 1=1: 1\n%_*?[a]: 2\nx' || (SELECT 1) || ': 3",
});

const longName = `${"n".repeat(251)}.txt`;

scenario("S14: a name of 255 bytes is synced, moved and removed", {
  base: `${longName}: 1\n${"ü".repeat(127)}x: 2\nd/${"💾".repeat(63)}: 3`,
  acts: async ({ L, R }) => {
    await L.move(longName, `d/${longName}`);
    await R.remove(`${"ü".repeat(127)}x`);
    await R.write(`d/${"💾".repeat(63)}`, "4");
  },
  both: `d/${longName}: 1\nd/${"💾".repeat(63)}: 4`,
  mirrored: `d/${longName}: 1\nd/${"💾".repeat(63)}: 4`,
});

const deep = Array.from({ length: 255 }, () => "d").join("/");

test("X13: 256 names deep is synced; what lies deeper stays where it is, and is told (S107)", async () => {
  await using world = await World.open();
  world.local.write(`${deep}/f`, "deep");
  world.local.write(`${deep}/d/d/f`, "too deep");
  world.local.write("good", "1");
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(report.left.length).toBeGreaterThan(0);
  const there = [...(await world.remote.tree()).keys()];
  expect(there).toEqual(expect.arrayContaining(["good", `${deep}/f`]));
  expect(there.filter((path) => path.split("/").length > 256)).toEqual([]);
  expect(world.local.read(`${deep}/d/d/f`)).toBe("too deep");
});

test("X10: names that fall onto one place of a folding disk do not overwrite each other", async () => {
  await using world = await World.open(memoryWorld({ foldsCase: true, decomposes: true }));
  world.local.write("Straße", "here 1");
  world.local.write("É", "here 2");
  await world.remote.write("straße", "there 1");
  await world.remote.write("e\u0301", "there 2");
  await world.sync();
  const texts = [...world.local.tree().values()].map((hash) => world.contents.show(hash));
  expect(texts.toSorted()).toEqual(["here 1", "here 2", "there 1", "there 2"]);
  const there = [...(await world.remote.tree()).values()].map((hash) => world.contents.show(hash));
  expect(there.toSorted()).toEqual(texts.toSorted());
  await world.assertAlways();
});

test("X6: our own names are taken from nobody", async () => {
  await using world = await World.synced("a: 1");
  const marker = world.local.readOwn("root.json");
  const planted = [".snap/root.json", ".snap/staging/x", ".snap-tmp-planted", "d/.snap-tmp-x/y"];
  for (const path of planted) await world.remote.write(path, `planted at ${path}`);
  await world.remote.write("d/good", "2");
  await world.sync(0);
  expect(world.localText()).toBe("a: 1\nd/good: 2");
  expect(world.local.readOwn("root.json")).not.toContain("planted");
  expect(JSON.parse(world.local.readOwn("root.json"))).toMatchObject({
    ...JSON.parse(marker),
    generation: expect.any(Number),
  });
  expect([...(await world.remote.all()).keys()]).toEqual(expect.arrayContaining(planted));
  expect([...world.local.own("trash").keys()]).toEqual([]);
});
