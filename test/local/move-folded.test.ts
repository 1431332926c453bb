import path from "node:path";
import { describe, expect, test } from "vitest";
import type { MoveAct } from "../../src/core/plan/local-act.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import type { Disk } from "../../src/local/disk.ts";
import type { LocalSide } from "../../src/ports.ts";
import { seededRng } from "../../src/std/random.ts";
import { watchedDisk } from "../support/watched-disk.ts";
import { memoryWorld } from "../support/world-memory.ts";
import type { DiskSettings } from "../support/sim/volume.ts";
import { copy, quickClock, rel, trash } from "./scratch.ts";

class Stopped extends Error {}

/** A workspace on a disk that takes names for one that differ by case alone. */
class Folding {
  readonly world: ReturnType<typeof memoryWorld>;
  readonly top = "/ws";

  constructor(settings: Partial<DiskSettings> = {}) {
    this.world = memoryWorld({ foldsCase: true, ...settings });
    this.world.files.mkdir(this.top);
  }

  side(disk: Disk = this.world.disk): LocalSide {
    return openLocalSide({ top: this.top, clock: quickClock, rng: seededRng(1), disk });
  }

  write(file: string, text: string): void {
    this.world.files.mkdir(path.dirname(`${this.top}/${file}`));
    this.world.files.write(`${this.top}/${file}`, Buffer.from(text));
  }

  /** Everything of the user's: `path: content`. */
  tree(below = ""): string[] {
    const { files } = this.world;
    return files
      .names(this.top + below)
      .filter((name) => name !== ".snap")
      .toSorted()
      .flatMap((name) => {
        const inside = `${below}/${name}`;
        if (files.stat(this.top + inside)?.kind === "folder") return this.tree(inside);
        return [`${inside.slice(1)}: ${files.read(this.top + inside).toString()}`];
      });
  }

  async move(from: string, to: string): Promise<MoveAct> {
    const stat = await this.side().stat(rel(from));
    if (stat === undefined) throw new Error("nothing to move");
    const { fileId, size, modifiedNs } = stat;
    const hash =
      stat.kind === "file" ? contentHashOf(this.world.files.read(`${this.top}/${from}`)) : "";
    const before =
      stat.kind === "folder"
        ? ({ kind: "folder", fileId } as const)
        : ({ kind: "file", fileId, size, modifiedNs, hash } as const);
    return { act: "move", from: rel(from), to: rel(to), before, displaceTo: trash, copy };
  }

  async inTrash(): Promise<readonly string[]> {
    return this.world.files.stat(`${this.top}/.snap/trash/op1`) === undefined
      ? []
      : this.world.files.names(`${this.top}/.snap/trash/op1`);
  }
}

const disks: readonly (readonly [string, Partial<DiskSettings>])[] = [
  ["a folding disk", {}],
  ["one without hard links", { hardLinks: false }],
  ["one that gives names in NFD", { decomposes: true }],
  ["one without handles as paths", { anchors: false }],
];

describe.each(disks)("S68: a rename of the case alone, on %s", (_, settings) => {
  test.each(["café.txt", "dir"])("brings %s to its new name", async (name) => {
    const folding = new Folding(settings);
    folding.write(name === "dir" ? "dir/x" : name, "content");
    const upper = name.toUpperCase();
    const outcome = await folding.side().perform(await folding.move(name, upper));
    expect(outcome).toMatchObject({ state: "done", putBack: [], stat: { name: upper } });
    const after = name === "dir" ? "DIR/x: content" : `${upper}: content`;
    expect(folding.tree().map((line) => line.normalize("NFC"))).toEqual([after]);
    expect(await folding.inTrash()).toEqual([]);
  });

  test.each(["a.txt", "dir"])("S74: of %s, stopped at any call, is settled", async (name) => {
    for (let at = 0; ; at += 1) {
      const folding = new Folding(settings);
      folding.write(name === "dir" ? "dir/x" : name, "content");
      const act = await folding.move(name, name.toUpperCase());
      let calls = 0;
      const disk = watchedDisk(folding.world.disk, {
        before: () => {
          if (calls >= at) throw new Stopped();
          calls += 1;
        },
      });
      const end = await folding
        .side(disk)
        .perform(act)
        .catch((error: unknown) => error);
      const settled = await folding.side().settle(act);
      const standsAt = settled.state === "done" ? name.toUpperCase() : name;
      const whole = name === "dir" ? `${standsAt}/x: content` : `${standsAt}: content`;
      expect(folding.tree(), `stopped at ${at}`).toEqual([whole]);
      expect(await folding.inTrash(), `stopped at ${at}`).toEqual([]);
      expect((await folding.side().settle(act)).state).toBe(settled.state);
      if (!(end instanceof Stopped)) break;
    }
  });
});

test("S68: what is saved under the old name while the file is in the trash stays, and the file is put beside it", async () => {
  const folding = new Folding();
  folding.write("a.txt", "content");
  const act = await folding.move("a.txt", "A.txt");
  let links = 0;
  const disk = watchedDisk(folding.world.disk, {
    before: ({ name }) => {
      if (name !== "link") return;
      links += 1;
      if (links === 1) folding.write("a.txt", "saved");
    },
  });
  const outcome = await folding.side(disk).perform(act);
  expect(outcome.state).toBe("cancelled");
  const [back = ""] = outcome.putBack;
  expect(folding.tree().toSorted()).toEqual([`${back}: content`, "a.txt: saved"].toSorted());
});

test("S68: an error on the way to the new name brings the file back", async () => {
  const folding = new Folding();
  folding.write("a.txt", "content");
  let links = 0;
  const disk = watchedDisk(folding.world.disk, {
    before: ({ name }) => {
      if (name === "link" && (links += 1) === 1)
        throw Object.assign(new Error("EIO"), { code: "EIO" });
    },
  });
  const act = await folding.move("a.txt", "A.txt");
  await expect(folding.side(disk).perform(act)).rejects.toMatchObject({ code: "disk-error" });
  expect(folding.tree()).toEqual(["a.txt: content"]);
});

test("S53: two hard links that differ by case are two files: the move is cancelled", async () => {
  const folding = new Folding({ foldsCase: false });
  folding.write("a.txt", "content");
  folding.world.disk.link("/ws/a.txt", "/ws/A.txt");
  const outcome = await folding.side().perform(await folding.move("a.txt", "A.txt"));
  expect(outcome.state).toBe("cancelled");
  expect(folding.tree()).toEqual(["A.txt: content", "a.txt: content"]);
});
