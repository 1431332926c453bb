import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { nodeDisk, type Disk } from "../../src/local/disk.ts";
import { restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { Unlinked } from "./unlinked-world.ts";

const request = { snapshot: "S", paths: [], consent: { by: "yes" } } as const;
const reason = "it cannot be given to 1000:33 (user:group) by this user";

/** As in a container that knows no such user. */
const strictDisk: Disk = {
  ...nodeDisk,
  chown: () => {
    throw Object.assign(new Error("EINVAL: invalid argument, fchown"), { code: "EINVAL" });
  },
};

/** A captured workspace with a file, a folder and a link of somebody else. */
async function captured(world: Unlinked): Promise<void> {
  fs.mkdirSync(path.join(world.top, "d"));
  world.write("d/f", "1");
  fs.symlinkSync("f", path.join(world.top, "d/l"));
  for (const name of ["d", "d/f", "d/l"]) fs.lchownSync(path.join(world.top, name), 1000, 33);
  fs.chmodSync(path.join(world.top, "d/f"), 0o4755);
  const deps = await world.deps();
  await deps.capture({ reason: "before-restore", side: "local", paths: undefined, label: "S" }, {});
}

const ownerOf = (world: Unlinked, name: string): string => {
  const { uid, gid } = fs.lstatSync(path.join(world.top, name));
  return `${uid}:${gid}`;
};

describe.runIf(process.getuid?.() === 0)("N38: owners", () => {
  test("what was given away meanwhile goes back, in place", async () => {
    await using world = new Unlinked();
    await captured(world);
    for (const name of ["d", "d/f"]) fs.lchownSync(path.join(world.top, name), 0, 0);
    expect(await restoreSnapshot(await world.deps(), request)).toMatchObject({ exit: 0 });
    expect(["d", "d/f", "d/l"].map((name) => ownerOf(world, name))).toEqual([
      "1000:33",
      "1000:33",
      "1000:33",
    ]);
    expect(await restoreSnapshot(await world.deps(), request)).toMatchObject({
      counts: { local: { metadata: 0, keep: 3 } },
    });
  });

  test("who is not root sets none", async () => {
    await using world = new Unlinked();
    await captured(world);
    fs.lchownSync(path.join(world.top, "d/f"), 7, 7);
    const deps = { ...(await world.deps()), owners: false };
    expect(await restoreSnapshot(deps, request)).toMatchObject({ exit: 0 });
    expect(ownerOf(world, "d/f")).toBe("7:7");
  });

  test("what the system refuses is told, and everything else is restored", async () => {
    await using world = new Unlinked(strictDisk);
    await captured(world);
    fs.rmSync(path.join(world.top, "d"), { recursive: true });
    const asked = { ...request, specialModes: true };
    const report = await restoreSnapshot(await world.deps(), asked);
    expect(report).toMatchObject({ exit: 4, state: "partial" });
    expect(report.left).toEqual(
      expect.arrayContaining(
        ["d", "d/f", "d/l"].map((at) => ({ path: at, side: "local", reason })),
      ),
    );
    expect(fs.readFileSync(path.join(world.top, "d/f"), "utf8")).toBe("1");
    expect(ownerOf(world, "d/f")).toBe("0:0");
    const { mode } = fs.statSync(path.join(world.top, "d/f"));
    expect(mode & 0o7777, "setuid would make it root's").toBe(0o755);
  });
});
