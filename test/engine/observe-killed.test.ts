import { expect, test } from "vitest";
import { MemoryLook, parse, syncedRows, type Given, type Line } from "./memory-look.ts";
import { RandomTree } from "./random-tree.ts";

/** Everything that a look leaves: nodes by path, and the rest of their rows. */
function picture(memory: MemoryLook): string[] {
  const nodes = [...memory.nodes()].map(([path, node]) => `${path}>${node}`);
  const rows = Array.from(memory.open.index.local.all(), (row) => {
    const { name, fileId, stamp, hash, trusted, absentAt } = row;
    return [name, fileId, stamp, hash, trusted, absentAt].join(" ");
  });
  return [...nodes, ...rows].toSorted();
}

/** The run dies at its transaction number `at`: before it is committed, or right after. */
function killAt(memory: MemoryLook, at: number, when: "before" | "after"): () => void {
  const { index } = memory.open;
  const transaction = index.transaction.bind(index);
  let count = 0;
  index.transaction = (work) => {
    const isLast = count === at;
    count += 1;
    if (isLast && when === "before") throw new Error("killed");
    const result = transaction(work);
    if (isLast) throw new Error("killed");
    return result;
  };
  return () => {
    index.transaction = transaction;
  };
}

/** Kill a look at each of its transactions, finish it with another, and compare with one that was not killed. */
async function everyKill(given: Given, what: string): Promise<number> {
  using whole = new MemoryLook(given);
  await whole.look();
  for (let at = 0; ; at += 1) {
    for (const when of ["before", "after"] as const) {
      using memory = new MemoryLook(given);
      const revive = killAt(memory, at, when);
      const isKilled = await memory.look().then(
        () => false,
        () => true,
      );
      revive();
      if (!isKilled) return at;
      await memory.look();
      expect(picture(memory), `${what}, killed ${when} ${at}`).toEqual(picture(whole));
    }
  }
}

test.each([true, false])(
  "S3, S76: a look that was killed at any write is finished by the next (file ids: %s)",
  async (withIds) => {
    let kills = 0;
    for (let seed = 1; seed <= 6; seed += 1) {
      const tree = new RandomTree(seed, { withIds });
      const synced = syncedRows(tree.lines());
      for (let step = 0; step < 3 + (seed % 9); step += 1) tree.step();
      kills += await everyKill({ synced, seen: tree.lines() }, `seed ${seed}`);
    }
    expect(kills).toBeGreaterThan(12);
  },
);

function manyFiles(folder: string, count: number): Line[] {
  const text = Array.from({ length: count }, (_, file) => `${folder}/f${file} #${folder}${file}`);
  return parse([`${folder}/ #${folder}`, ...text].join(","));
}

test("S106: a first look at thousands of files that is killed goes on where it was", async () => {
  const seen = manyFiles("d", 5_000);
  using memory = new MemoryLook({ synced: [], seen });
  // Rows of 2 000 files, then hashes of 1 000 and 1 000.
  const revive = killAt(memory, 4, "after");
  await expect(memory.look()).rejects.toThrow("killed");
  revive();
  const before = memory.hashed.length;
  expect(before).toBeGreaterThanOrEqual(2_000);
  expect(before).toBeLessThan(3_010);
  await memory.look();
  expect(memory.hashed.length).toBeLessThanOrEqual(5_000 + 1_010);
  expect(memory.open.index.unprovenTotals()).toEqual({ files: 0, bytes: 0 });
  expect(memory.nodes().size).toBe(5_001);
});

test("S5: 20 000 unchanged files make no write and are not read", async () => {
  const seen = ["a", "b", "c", "d"].flatMap((folder) => manyFiles(folder, 5_000));
  using memory = new MemoryLook({ synced: syncedRows(seen), seen });
  const { index } = memory.open;
  let transactions = 0;
  const transaction = index.transaction.bind(index);
  index.transaction = (work) => {
    transactions += 1;
    return transaction(work);
  };
  await memory.look();
  expect({ transactions, hashed: memory.hashed.length }).toEqual({ transactions: 0, hashed: 0 });
});

test("S6, S19: a moved folder with 5 000 files is one changed row", async () => {
  const synced = syncedRows([...manyFiles("d", 5_000), ...parse("e/ #e")]);
  const moved = manyFiles("d", 5_000).map((line) => ({ ...line, path: `e/${line.path}` }));
  using memory = new MemoryLook({ synced, seen: [...parse("e/ #e"), ...moved] });
  const { local } = memory.open.index;
  const put: number[] = [];
  const original = local.put.bind(local);
  local.put = (row) => {
    put.push(row.node);
    original(row);
  };
  await memory.look();
  expect(put).toEqual([1]);
  expect(memory.hashed).toEqual([]);
  expect(memory.nodes().get("e/d/f4999")).toBe(5_001);
});
