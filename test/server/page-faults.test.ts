/** What each odd page of a listing looks like (V72); that they all end in the truth is proved in `listing-faults`. */
import { expect, test } from "vitest";
import type { PageFault } from "../../src/server/wire/interposer.ts";
import type { Answer } from "../support/checked-server.ts";
import { ListingWorld } from "../support/listing-world.ts";

type Json = Answer["json"];

const everything = { path: "", recursive: true };
const shown = ({ entries, has_more: hasMore }: Json): string =>
  [
    ...entries.map((entry: Json) => `${entry[".tag"]} ${entry.path_display}`),
    hasMore ? "…" : ".",
  ].join(", ");

const at = (path: string) => ({ key: path.toLowerCase(), display: path });
const file = { content: { blocks: [], size: 1 }, hash: "0".repeat(64), clientModified: 1 };

/** `/A/B/f` and `/g`; a cursor after which `/A` was removed and made again, with `/A/new` in it, and `/g` went. */
function changed(): { readonly world: ListingWorld; readonly cursor: string } {
  const world = new ListingWorld();
  const before = world.write((tree) => {
    const folder = tree.addFolder(at("/A"));
    tree.addFolder(at("/A/B"));
    tree.putFile(at("/A/B/f"), file, undefined);
    return { folder, other: tree.putFile(at("/g"), file, undefined) };
  });
  const { cursor } = world.call("get_latest_cursor", everything);
  world.write((tree) => {
    tree.remove(before.folder);
    tree.addFolder(at("/A"));
    tree.putFile(at("/A/new"), file, undefined);
    tree.remove(before.other);
  });
  return { world, cursor };
}

const honest = "deleted /A, folder /A, file /A/new, deleted /g, .";

const pages: readonly (readonly [PageFault["kind"], string, string])[] = [
  ["empty", "…", honest],
  ["short", "deleted /A, folder /A, …", "file /A/new, deleted /g, ."],
  ["split", "deleted /A, …", "folder /A, file /A/new, deleted /g, ."],
  [
    "duplicated",
    "deleted /A, folder /A, file /A/new, deleted /g, deleted /g, …",
    "file /A/new, deleted /g, .",
  ],
  ["children-first", "deleted /A, deleted /g, file /A/new, folder /A, .", "."],
];

test.each(pages)("V72: a page of changes that is %s: %s", (kind, first, second) => {
  const { world, cursor } = changed();
  using _ = world;
  expect(shown(world.call("continue", { cursor }))).toBe(honest);
  const page = world.call("continue", { cursor }, { page: { kind } as PageFault });
  expect(shown(page)).toBe(first);
  expect(page.cursor).not.toBe(cursor);
  expect(shown(world.call("continue", { cursor: page.cursor }))).toBe(second);
});

test("V72: reordered changes come in many orders, each with removals before what replaced them", () => {
  const { world, cursor } = changed();
  using _ = world;
  const orders = new Set<string>();
  for (let round = 0; round < 60; round += 1) {
    orders.add(shown(world.call("continue", { cursor }, { page: { kind: "reordered" } })));
  }
  const [removed, made, inside, other] = honest.split(", ");
  const valid = [0, 1, 2, 3].map((place) =>
    [removed, made, inside].toSpliced(place, 0, other).concat(".").join(", "),
  );
  expect([...orders].toSorted()).toEqual(valid.toSorted());
});

test("V72: a moved folder's lines are split over pages, the folder apart from what is in it", () => {
  const { world } = changed();
  using _ = world;
  const { cursor } = world.call("get_latest_cursor", everything);
  world.write((tree) => {
    const folder = tree.at("/a");
    if (folder !== undefined) tree.move(folder, at("/Z"));
  });
  const split = { page: { kind: "split" } } as const;
  const first = world.call("continue", { cursor }, split);
  const second = world.call("continue", { cursor: first.cursor }, split);
  const third = world.call("continue", { cursor: second.cursor }, split);
  expect([first, second, third].map(shown)).toEqual([
    "deleted /A, …",
    "folder /Z, …",
    "file /Z/new, .",
  ]);
});

test("V72: the first page of a listing can be odd, too", () => {
  const { world } = changed();
  using _ = world;
  const list = (kind: PageFault["kind"]) =>
    shown(world.call("list_folder", everything, { page: { kind } as PageFault }));
  expect(list("empty")).toBe("…");
  expect(list("short")).toBe("folder /A, …");
  expect(list("split")).toBe("folder /A, …");
  expect(list("children-first")).toBe("file /A/new, folder /A, .");
  expect(list("duplicated")).toBe("folder /A, file /A/new, file /A/new, …");
});

test("V72: stale pages show what was there some lines ago; the rest comes by continue", () => {
  const { world, cursor } = changed();
  using _ = world;
  const stale = (lines: number) => ({ page: { kind: "stale", lines } }) as const;
  const delta = world.call("continue", { cursor }, stale(2));
  // The folder is as it is now: its name and its id are not kept by the journal.
  expect(shown(delta)).toBe("deleted /A, folder /A, .");
  expect(shown(world.call("continue", { cursor: delta.cursor }))).toBe(
    "file /A/new, deleted /g, .",
  );
  const listed = world.call("list_folder", everything, stale(2));
  expect(shown(listed)).toBe("folder /A, .");
  expect(shown(world.call("continue", { cursor: listed.cursor }))).toBe(
    "file /A/new, deleted /g, .",
  );
  expect(shown(world.call("continue", { cursor }, stale(100)))).toBe(".");
});

test("V74: reads that lag see nothing after their position of the journal, and lose nothing", () => {
  const { world, cursor } = changed();
  using _ = world;
  const early = world.call("continue", { cursor }, { readableUpTo: 5 });
  expect(shown(early)).toBe("deleted /A, .");
  expect(shown(world.call("continue", { cursor: early.cursor }, { readableUpTo: 0 }))).toBe(".");
  expect(shown(world.call("list_folder", everything, { readableUpTo: 6 }))).toBe("folder /A, .");
  expect(shown(world.call("continue", { cursor: early.cursor }))).toBe(
    "folder /A, file /A/new, deleted /g, .",
  );
});

test("V29: a page looks at a bounded number of lines, passes over those of others, and reads none twice", () => {
  using world = new ListingWorld({ journalScanMax: 10 });
  world.write((tree) => tree.addFolder(at("/A")));
  const cursors = [true, false].map(
    (recursive) => world.call("get_latest_cursor", { path: "/A", recursive }).cursor,
  );
  world.write((tree) => {
    for (let index = 0; index < 25; index += 1) tree.addFolder(at(`/x${index}`));
    tree.addFolder(at("/A/late"));
  });
  for (const cursor of cursors) {
    const first = world.call("continue", { cursor });
    const second = world.call("continue", { cursor: first.cursor });
    const third = world.call("continue", { cursor: second.cursor });
    expect([first, second, third].map(shown)).toEqual(["…", "…", "folder /A/late, ."]);
  }
});

test.each([
  ["short", ["a", "b", "c", "d", "e"]],
  ["duplicated", ["a", "b", "c", "d", "e"]],
  ["split", ["a", "b", "c", "d", "e"]],
] as const)("V72: a listing whose pages are all %s comes to its end", (kind, names) => {
  using world = new ListingWorld();
  world.write((tree) => {
    for (const name of names) tree.putFile(at(`/${name}`), file, undefined);
  });
  const { cursor } = world.call("get_latest_cursor", everything);
  world.write((tree) => {
    for (const name of names) tree.putFile(at(`/${name}${name}`), file, undefined);
  });
  const pagesFrom = (first: Json): Json[] => {
    const pages = [first];
    for (let last = first; last.has_more && pages.length < 20; pages.push(last)) {
      last = world.call("continue", { cursor: last.cursor }, { page: { kind } });
    }
    return pages;
  };
  const told = (pages: Json[]): Set<string> =>
    new Set(pages.flatMap(({ entries }) => entries.map((entry: Json) => entry.name)));
  const listed = pagesFrom(world.call("list_folder", everything, { page: { kind } }));
  expect(listed.at(-1).has_more).toBe(false);
  const doubled = names.map((name) => `${name}${name}`);
  expect(told(listed)).toEqual(new Set([...names, ...doubled]));
  const changes = pagesFrom(world.call("continue", { cursor }, { page: { kind } }));
  expect(changes.at(-1).has_more).toBe(false);
  expect(told(changes)).toEqual(new Set(doubled));
});
