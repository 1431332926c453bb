/** Restores that swap a repository, killed at every moment (T40). */
import fs from "node:fs";
import path from "node:path";
import { test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { UnitStep } from "../../src/core/snapshot/unit-step.ts";
import { swapFolder } from "../../src/local/swap-folder.ts";
import type { RestoreUnits } from "../../src/restore/restore-deps.ts";
import { quickDisk } from "../local/stopping-disk.ts";
import { crashTable } from "./crash-table.ts";
import { RestoreWorld } from "./restore-world.ts";

/** A place that neither tree of the world shows, as an excluded repository. */
const repository = parseRelPath(".snap/r/.git");

function textAt(folder: string): string | undefined {
  const file = path.join(folder, "HEAD");
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

function write(folder: string, text: string): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "HEAD"), text);
}

/** A repository of one file; the snapshot holds it as `one`. Where it is swapped, it is swapped on the real disk. */
function folderUnits(top: string): RestoreUnits {
  const now = (): string | undefined => textAt(path.join(top, repository));
  const kept = (restore: string): string => path.join(top, ".snap/undo", restore, repository);
  const step = (before: string | undefined): UnitStep => ({
    path: repository,
    vcs: "git",
    action: before === undefined ? "create" : "replace",
    after: "one",
    ...(before === undefined ? {} : { before }),
  });
  return {
    steps: () => Promise.resolve({ steps: now() === "one" ? [] : [step(now())], left: [] }),
    contentAt: () => Promise.resolve(now()),
    isKept: (_step, restore) => fs.existsSync(kept(restore)),
    requireSound: () => Promise.resolve(),
    requireQuiet: () => Promise.resolve(),
    standing: () => Promise.resolve(undefined),
    stage: ({ restore, steps }) => {
      if (steps.some(({ source, action }) => source === undefined && action !== "delete"))
        write(path.join(top, ".snap/staging", restore, "repositories", repository), "one");
      return Promise.resolve();
    },
    swap: (restore, { action, source }) => {
      const area = source === undefined ? "staging" : "undo";
      const place = parseRelPath(source === undefined ? `repositories/${repository}` : repository);
      const from = { area: { kind: area, id: source ?? restore }, path: place } as const;
      return swapFolder(
        { top, disk: quickDisk },
        {
          path: repository,
          source: action === "delete" ? undefined : from,
          ...(action === "create" ? {} : { displaceTo: { kind: "undo", id: restore } }),
        },
      );
    },
  };
}

const look = ({ world }: RestoreWorld): string =>
  ` at ${textAt(path.join(world.local.top, repository)) ?? "nothing"}`;

async function prepared(now: "two" | "nothing"): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced("a: 1\nr/file: 1");
  world.units = folderUnits;
  write(path.join(world.world.local.top, repository), "one");
  await world.capture("S");
  world.write("a: 9\nr/file: 2");
  const folder = path.join(world.world.local.top, repository);
  if (now === "two") write(folder, "two");
  else fs.rmSync(folder, { recursive: true });
  await world.world.sync();
  return world;
}

const restored = "a: 1\nr/file: 1 at one";

test.each(["two", "nothing"] as const)(
  "T40: a restore that brings a repository back where %s stands is done or not done",
  async (now) => {
    const ends = [`a: 9\nr/file: 2 at ${now}`, restored];
    const run = (world: RestoreWorld): Promise<unknown> => world.restore();
    await crashTable({ prepare: () => prepared(now), run, ends, look, step: 2 });
  },
  600_000,
);

test.each(["two", "nothing"] as const)(
  "T44: so is the undo, to where %s stood",
  async (now) => {
    const prepare = async (): Promise<RestoreWorld> => {
      const world = await prepared(now);
      await world.restore();
      return world;
    };
    const ends = [restored, `a: 9\nr/file: 2 at ${now}`];
    const run = (world: RestoreWorld): Promise<unknown> => world.undo();
    await crashTable({ prepare, run, ends, look, step: 4 });
  },
  600_000,
);
