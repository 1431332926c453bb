import { hash } from "node:crypto";
import { cpSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { canonicalJson } from "../../src/core/snapshot/checked-json.ts";
import { restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { Unlinked } from "../restore/unlinked-world.ts";
import { standingIn } from "../support/random-tree.ts";
import { makers, toldBy, type Told } from "./golden-stores.ts";
import { ScratchStore } from "./scratch-store.ts";

const fixtures = path.join(import.meta.dirname, "../../fixtures/stores/1");
const names = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

function toldThen(name: string): Told {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by scripts/golden-stores.ts
  return JSON.parse(readFileSync(path.join(fixtures, `${name}.json`), "utf8")) as Told;
}

function copyOf(name: string): ScratchStore {
  const scratch = new ScratchStore();
  cpSync(path.join(fixtures, name), scratch.top, { recursive: true });
  return scratch;
}

test("N13: there is a store of format 1 of every kind that is made", () => {
  expect(names.toSorted()).toEqual(Object.keys(makers).toSorted());
});

test.each(names)(
  "N13: store %s of format 1 lists, verifies, reads and exports as it did",
  async (name) => {
    using scratch = copyOf(name);
    const told = await toldBy(await scratch.open());
    expect(JSON.parse(JSON.stringify(told))).toEqual(toldThen(name));
  },
);

test.each(names)("N13: store %s, which would be made today, holds the same", async (name) => {
  using scratch = new ScratchStore();
  await makers[name]?.(scratch, await scratch.open());
  // Ids and archives name the bytes that were stored, which better packing may change; the manifest and all content may not.
  const shared = ({ snapshots, damaged }: Told): unknown => [
    snapshots.map(({ id: _id, archive: _archive, ...rest }) => rest),
    damaged,
  ];
  const told: Told = JSON.parse(JSON.stringify(await toldBy(await scratch.open())));
  expect(shared(told)).toEqual(shared(toldThen(name)));
});

test.each(["plain", "kept"])("N13: snapshots of store %s are restored", async (name) => {
  for (const { id, contents } of toldThen(name).snapshots) {
    await using world = new Unlinked();
    cpSync(path.join(fixtures, name), path.join(world.folder, "store"), { recursive: true });
    const request = { snapshot: id, paths: [], consent: { by: "yes" } } as const;
    expect(await restoreSnapshot(await world.deps(), request)).toMatchObject({ exit: 0 });
    const files = [...standingIn(world.top)].filter(([, { kind }]) => kind === "file");
    const found = files.map(([place, { content }]) => [place, content.split(" ")[1]]);
    expect(Object.fromEntries(found)).toEqual(contents);
  }
});

test.each(["read", "write", "prune"])(
  "N13: a feature that is needed to %s is refused with words where it is unknown",
  async (use) => {
    using scratch = copyOf("plain");
    const { id: _id, ...before } = JSON.parse(scratch.read("STORE.json").toString());
    const document = {
      ...before,
      tool: "9.9.9",
      features: { ...before.features, [use]: ["later"] },
    };
    const sealed = { ...document, id: hash("sha256", canonicalJson(document), "hex") };
    scratch.write("STORE.json", canonicalJson(sealed));
    const refused = { code: "version-too-new", exit: 2, message: expect.stringContaining("later") };
    const hinted = { ...refused, hint: expect.stringContaining("9.9.9") };
    if (use === "read") {
      await expect(scratch.open()).rejects.toMatchObject(hinted);
      return;
    }
    const store = await scratch.open();
    const [root] = await store.list();
    const before2 = scratch.names();
    const act =
      use === "write"
        ? makers["plain"]?.(scratch, store)
        : store.keeping.forget({ ids: [root?.id ?? ""], reason: "manual" });
    await expect(act).rejects.toMatchObject(hinted);
    expect(scratch.names()).toEqual(before2);
  },
);
