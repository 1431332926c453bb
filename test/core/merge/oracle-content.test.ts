/** One test for each cell of table 6.1: existence and content of a file. Rows local, columns remote. */
import { describe, expect, test } from "vitest";
import { text, TextWorld, type TextTree } from "../../support/text-tree.ts";

type Change = (side: TextTree) => void;

const unchanged: Change = () => {};
const edited =
  (content: string): Change =>
  (side) =>
    side.write("f", content);
const deleted: Change = (side) => side.remove("f");
const replaced: Change = (side) => {
  side.remove("f");
  side.folder("f");
};

/** A file `f: 0`, changed on both sides at once. */
function world(local: Change, remote: Change): TextWorld {
  const made = new TextWorld("f: 0\nother: x");
  local(made.local);
  remote(made.remote);
  return made;
}

const copy = "f (conflicted copy pc 2026-01-02)";

type Cell = {
  readonly name: string;
  readonly local: Change;
  readonly remote: Change;
  readonly plan: string;
  /** Without `other: x`. */
  readonly end: string;
};

const cells: readonly Cell[] = [
  {
    name: "unchanged, unchanged: nothing",
    local: unchanged,
    remote: unchanged,
    plan: "",
    end: "f: 0",
  },
  {
    name: "unchanged, edited: download",
    local: unchanged,
    remote: edited("2"),
    plan: "L.put f: 2",
    end: "f: 2",
  },
  {
    name: "unchanged, deleted: local trash",
    local: unchanged,
    remote: deleted,
    plan: "L.trash f",
    end: "",
  },
  {
    name: "unchanged, replaced by a folder: local trash, then folder",
    local: unchanged,
    remote: replaced,
    plan: "L.trash f\nL.mkdir f",
    end: "f/",
  },
  {
    name: "edited, unchanged: upload",
    local: edited("1"),
    remote: unchanged,
    plan: "R.put f: 1",
    end: "f: 1",
  },
  {
    name: "edited, edited alike: adopt",
    local: edited("1"),
    remote: edited("1"),
    plan: "S.adopt f",
    end: "f: 1",
  },
  {
    name: "edited, edited otherwise: the remote keeps the name",
    local: edited("1"),
    remote: edited("2"),
    plan: `L.aside f -> ${copy}`,
    end: `${copy}: 1\nf: 2`,
  },
  {
    name: "edited, deleted: upload as new, the edit wins",
    local: edited("1"),
    remote: deleted,
    plan: "S.forget f\nR.put f: 1",
    end: "f: 1",
  },
  {
    name: "edited, replaced by a folder: the folder keeps the name",
    local: edited("1"),
    remote: replaced,
    plan: `S.forget f\nL.aside f -> ${copy}\nL.mkdir f`,
    end: `${copy}: 1\nf/`,
  },
  {
    name: "deleted, unchanged: delete",
    local: deleted,
    remote: unchanged,
    plan: "R.delete f",
    end: "",
  },
  {
    name: "deleted, edited: download, the edit wins",
    local: deleted,
    remote: edited("2"),
    plan: "S.forget f\nL.put f: 2",
    end: "f: 2",
  },
  {
    name: "deleted, deleted: forget",
    local: deleted,
    remote: deleted,
    plan: "S.forget f",
    end: "",
  },
  {
    name: "deleted, replaced by a folder: the folder comes down",
    local: deleted,
    remote: replaced,
    plan: "S.forget f\nL.mkdir f",
    end: "f/",
  },
  {
    name: "replaced by a folder, unchanged: delete, then folder",
    local: replaced,
    remote: unchanged,
    plan: "R.delete f\nR.mkdir f",
    end: "f/",
  },
  {
    name: "replaced by a folder, edited: the remote file keeps the name",
    local: replaced,
    remote: edited("2"),
    plan: `S.forget f\nL.aside f -> ${copy}\nL.put f: 2`,
    end: `${copy}/\nf: 2`,
  },
  {
    name: "replaced by a folder, deleted: forget the file, create the folder",
    local: replaced,
    remote: deleted,
    plan: "S.forget f\nR.mkdir f",
    end: "f/",
  },
  {
    name: "replaced by a folder on both sides: merge the folders",
    local: replaced,
    remote: replaced,
    plan: "S.rebind f\nS.forget f\nS.adopt f",
    end: "f/",
  },
];

describe("table 6.1", () => {
  test.each(cells)("$name", ({ local, remote, plan, end }) => {
    const made = world(local, remote);
    expect(made.planned()).toBe(plan);
    expect(made.settled()).toBe(text(`${end}\nother: x`));
    expect(made.planned()).toBe("");
  });
});

describe("table 6.1, unknown", () => {
  const changes = { unchanged, edited: edited("9"), deleted, replaced };

  test.each(Object.entries(changes))("local unknown, remote %s: nothing at all", (_, remote) => {
    const made = world(unchanged, remote);
    made.frozen.add(made.local.at("f").node);
    expect(made.planned()).toBe("");
  });

  test.each(Object.entries(changes))("local %s, remote unknown: nothing at all", (_, local) => {
    const made = world(local, unchanged);
    made.frozen.add(made.remote.at("f").node);
    expect(made.planned()).toBe("");
  });
});

describe("table 6.1, new on both sides", () => {
  test("equal files are adopted (S36)", () => {
    const made = new TextWorld();
    made.local.write("f", "1");
    made.remote.write("f", "1");
    expect(made.planned()).toBe("S.rebind f\nS.adopt f");
    expect(made.settled()).toBe("f: 1");
  });

  test("different files are in conflict (A3)", () => {
    const made = new TextWorld();
    made.local.write("f", "1");
    made.remote.write("f", "2");
    expect(made.planned()).toBe(`L.aside f -> ${copy}\nL.put f: 2`);
    expect(made.settled()).toBe(text(`${copy}: 1\nf: 2`));
  });

  test("folders are merged, with what is in them", () => {
    const made = new TextWorld();
    made.local.add("d/mine: 1\nd/both: x");
    made.remote.add("d/yours: 2\nd/both: x");
    expect(made.settled()).toBe(text("d/\nd/mine: 1\nd/yours: 2\nd/both: x"));
    expect(made.ran.filter(({ kind }) => kind.endsWith(".put"))).toHaveLength(2);
  });

  test("a local file and a remote folder: the remote keeps the name", () => {
    const made = new TextWorld();
    made.local.write("f", "1");
    made.remote.add("f/x: 2");
    expect(made.settled()).toBe(text(`${copy}: 1\nf/\nf/x: 2`));
  });

  test("a local folder and a remote file: the remote keeps the name", () => {
    const made = new TextWorld();
    made.local.add("f/x: 1");
    made.remote.write("f", "2");
    expect(made.settled()).toBe(text(`${copy}/\n${copy}/x: 1\nf: 2`));
  });

  test.each(["local", "remote"] as const)(
    "new on the %s side alone: created on the other",
    (side) => {
      const made = new TextWorld();
      made[side].add("f: 1\nd/");
      expect(made.settled()).toBe(text("f: 1\nd/"));
    },
  );
});
