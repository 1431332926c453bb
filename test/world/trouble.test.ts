import { expect, test } from "vitest";
import type { FaultScript } from "../../src/server/control/fault-script.ts";
import { scenario } from "../support/scenario.ts";
import { World } from "../support/world.ts";

/** What a scenario remembers of its beginning. */
const uploadsOf = new WeakMap<World, number[]>();
const inodeOf = new WeakMap<World, bigint>();

const lost = (): never => {
  throw new TypeError("fetch failed");
};

scenario("E1: an upload whose answer was lost is made once (S57, S83)", {
  acts: ({ world, L }) => {
    L.write("f", "1");
    world.wire.after("/files/upload", lost);
  },
  both: "f: 1",
  also: async ({ world }) => expect(await world.remote.revisions("f")).toBe(1),
});

scenario("E3: a move whose answer was lost ends in the same tree, without a transfer (S61, S76)", {
  base: "d/f: 0\nd/g: 1",
  acts: ({ world, L }) => {
    L.move("d", "e");
    world.wire.after("/move_v2", lost);
  },
  both: "e/f: 0\ne/g: 1",
  also: ({ world }) => expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 }),
});

/** Cuts the body of each answer at half of its length, and counts them. */
const halved =
  (change: () => unknown) =>
  async (response: Response): Promise<Response> => {
    await change();
    const bytes = Buffer.from(await response.arrayBuffer());
    const half = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(bytes.subarray(0, bytes.length / 2));
        controller.error(new TypeError("terminated"));
      },
    });
    return new Response(half, { status: response.status, headers: response.headers });
  };

scenario(
  "E6: a download that is cut while the file is edited gives one whole revision (S64, S66)",
  {
    base: "f: the first state",
    acts: async ({ world, R }) => {
      await R.write("f", "the second state");
      const edit = halved(() => R.write("f", "the third state, longer"));
      world.wire.answer("/files/download", edit);
      world.hooks.before("local.perform", () => {
        expect(["the first state", "the second state"]).toContain(world.local.read("f"));
      });
    },
    both: "f: the third state, longer",
    also: ({ world }) => expect(world.clock.slept.length).toBeGreaterThan(0),
  },
);

scenario("E7: a download with one wrong byte is fetched again, and never seen (S64, S66)", {
  base: "f: zero",
  acts: async ({ world, R }) => {
    await R.write("f", "right");
    world.hooks.before("local.perform", () => expect(world.local.read("f")).toBe("zero"));
    world.wire.answer("/files/download", async (response) => {
      const text = (await response.text()).replace("right", "wrong");
      return new Response(text, { status: response.status, headers: response.headers });
    });
  },
  both: "f: right",
  also: ({ world }) => expect(world.wire.transfers().downloads).toBe(2),
});

scenario("E8: a class of calls is left alone for as long as the server says, then done (S84)", {
  acts: ({ world, L }) => {
    L.write("f", "1");
    const match = { route: "files/upload" };
    world.faults = [
      { match, times: 1, fault: { kind: "status", status: 429, retryAfterSeconds: 30 } },
      {
        match,
        times: 3,
        fault: { kind: "status", status: 429, reason: "too_many_write_operations" },
      },
    ];
    const uploads: number[] = [];
    const note = (): void => {
      uploads.push(world.clock.now());
      world.wire.before("/files/upload", note);
    };
    world.wire.before("/files/upload", note);
    uploadsOf.set(world, uploads);
  },
  both: "f: 1",
  also: ({ world }) => {
    const [first = 0, second = 0, ...more] = uploadsOf.get(world) ?? [];
    expect(second - first).toBeGreaterThanOrEqual(30_000);
    expect(more).toHaveLength(3);
  },
});

scenario("E9: a cursor that is void costs no transfer of what is equal (S34)", {
  base: "a: 1\nb: 2\nc: 3\nd/e: 4",
  acts: async ({ world, L, R }) => {
    await L.write("a", "edited");
    await R.remove("b");
    world.faults = [
      {
        match: { route: "files/list_folder/continue" },
        times: 1,
        fault: { kind: "cursorReset", of: "cursor" },
      },
    ];
  },
  both: "a: edited\nc: 3\nd/e: 4",
  also: ({ world }, report) => {
    expect(world.admin.fired()).toHaveLength(1);
    expect(world.wire.transfers()).toEqual({ uploads: 1, downloads: 0 });
    expect(report.counts.removedLocal).toBe(1);
    expect([...world.local.own("trash").keys()].some((name) => name.endsWith("/b"))).toBe(true);
  },
});

test("E10: a first listing that fails in the middle plans nothing (S30)", async () => {
  await using world = await World.open();
  for (let file = 0; file < 12; file += 1) await world.remote.write(`d/${file}`, `there ${file}`);
  world.local.write("d/0", "there 0");
  world.local.write("here", "1");
  world.restart({ withoutIndex: true });
  const page: FaultScript = {
    match: { route: "files/list_folder/continue" },
    fault: { kind: "status", status: 500 },
  };
  const short = { kind: "pages", page: { kind: "short" } } as const;
  world.faults = [
    { match: { route: "files/list_folder" }, fault: short },
    { match: { route: "files/list_folder/continue", nth: 1 }, fault: short },
    page,
  ];
  const before = world.local.picture();
  world.wire.forget();
  await expect(world.syncOnce()).rejects.toMatchObject({ exit: 7 });
  expect(world.wire.writes()).toEqual([]);
  expect(world.local.picture()).toBe(before);
  world.restart();
  await world.sync(0);
  expect((await world.both()).split("\n")).toHaveLength(13);
  await world.assertAlways();
});

scenario("E13: a removal that the server takes back is not carried out (S33)", {
  base: "f: 0",
  acts: async ({ world }) => {
    inodeOf.set(world, world.local.inode("f"));
    await world.remote.takeOut("f");
    world.hooks.before("remote.get", () => world.remote.bringBack("f"));
  },
  both: "f: 0",
  also: ({ world }) => {
    expect(world.local.inode("f")).toBe(inodeOf.get(world));
    expect(world.wire.transfers()).toEqual({ uploads: 0, downloads: 0 });
  },
});

scenario("E15: an edit there between plan and commit is a conflict, not a loss (S57)", {
  base: "f: 0",
  acts: ({ world, L, R }) => {
    L.write("f", "1");
    world.wire.before("/files/upload", async () => void (await R.write("f", "2")));
  },
  both: "f: 2\nf CC: 1",
});

test("E16: one file without room there is parked with its reason, and the others go up (§11)", async () => {
  await using world = await World.open();
  for (let file = 0; file < 10; file += 1) world.local.write(`${file}`, `content ${file}`);
  const error = { ".tag": "path", path: { ".tag": "insufficient_space" } };
  world.wire.answer("/finish_batch_v2", async (response) => {
    await world.remote.remove("7");
    const { entries } = (await response.json()) as { entries: { path_lower: string }[] };
    const told = entries.map((entry) =>
      entry.path_lower === "/linked/7" ? { ".tag": "failure", failure: error } : entry,
    );
    return Response.json({ entries: told });
  });
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 4, counts: { uploaded: 9 } });
  expect(report.left).toMatchObject([{ path: "7", kind: "parked" }]);
  expect(report.left[0]?.reason).toMatch(/space|room|full|quota/i);
  expect([...(await world.remote.tree()).keys()]).toHaveLength(9);
  world.clock.advance(7 * 3_600_000);
  await world.sync(0);
  expect((await world.both()).split("\n")).toHaveLength(10);
  await world.assertAlways();
});
