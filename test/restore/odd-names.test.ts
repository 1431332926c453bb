import fs from "node:fs";
import path from "node:path";
import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { randomFraction, seededRng, type Rng } from "../../src/std/random.ts";
import { Unlinked } from "./unlinked-world.ts";

const slash = Buffer.from("/");

/** Names that are no UTF-8, names that look like what is shown of these, and plain ones, so that they meet in one folder. */
const names = [
  [0xe9],
  [0xff],
  [0xff, 0xff],
  [0x61, 0xe9, 0x62],
  [0xed, 0xa0, 0x80],
  [0xc3],
  [...Buffer.from("\ufffdff")],
  [...Buffer.from("\ufffd\ufffdff")],
  [...Buffer.from("\ufffd")],
  [...Buffer.from("a\ufffde9b")],
  [...Buffer.from("caf\u00e9")],
  [...Buffer.from("plain")],
  [...Buffer.from("a")],
].map((bytes) => Buffer.from(bytes));

function below(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, slash, name]);
}

function makeTree(top: Buffer, rng: Rng): void {
  const chance = (): number => randomFraction(rng);
  const folders = [top];
  for (const folder of folders) {
    for (const name of names) {
      const at = below(folder, name);
      if (chance() < 0.3 && folders.length < 12) {
        fs.mkdirSync(at);
        folders.push(at);
      } else if (chance() < 0.2) {
        fs.symlinkSync(names[Math.floor(chance() * names.length)] ?? "plain", at);
      } else {
        fs.writeFileSync(at, rng.bytes(Math.floor(chance() * 300)));
      }
      if (chance() < 0.3 && fs.lstatSync(at).isFile()) {
        fs.linkSync(at, below(folder, Buffer.concat([name, name, name])));
      }
    }
  }
}

/** Every place below a folder, its bytes in hex, with what stands there. */
function standing(top: Buffer): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const folders = [top];
  for (const folder of folders) {
    for (const name of fs.readdirSync(folder, { encoding: "buffer" })) {
      if (name.toString() === ".snap") continue;
      const at = below(folder, name);
      const stat = fs.lstatSync(at);
      if (stat.isDirectory()) folders.push(at);
      const place = at.subarray(top.length + 1).toString("hex");
      found.set(place, `${stat.mode.toString(8)} ${stat.nlink} ${contentOf(at, stat)}`);
    }
  }
  return found;
}

function contentOf(at: Buffer, stat: fs.Stats): string {
  if (stat.isSymbolicLink()) return fs.readlinkSync(at, { encoding: "buffer" }).toString("hex");
  return stat.isFile() ? hash("sha256", fs.readFileSync(at)) : "folder";
}

for (let seed = 1; seed <= 4; seed += 1) {
  test(`N23: names of any bytes are copied out as they were, tree ${seed}`, async () => {
    await using world = new Unlinked();
    const top = Buffer.from(world.top);
    makeTree(top, seededRng(seed));
    const before = standing(top);
    expect(before.size).toBeGreaterThan(names.length);
    const deps = await world.deps();
    await deps.capture(
      { reason: "before-restore", side: "local", paths: undefined, label: "S" },
      {},
    );
    const store = await world.store();
    const [root] = await store.list();
    if (root === undefined) throw new Error("There is no snapshot");
    expect(root.completeness).toBe("full");
    const to = path.join(world.folder, "copy");
    const left: unknown[] = [];
    await store.copyOut({ root, to, onLeft: (one) => left.push(one) }, {});
    expect(left).toEqual([]);
    expect(standing(Buffer.from(to))).toEqual(before);
  });
}
