import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deflateSync } from "node:zlib";
import { followAll } from "../../src/guard/connectivity.ts";
import { examineGit, type Health } from "../../src/guard/damage.ts";
import { findGit } from "../../src/guard/shadow-git.ts";
import { systemClock } from "../../src/std/time.ts";
import { count, medianMs, milliseconds, printFigure, runProgram } from "./table.ts";

const looseObjects = 30_000;
const minuteMs = 60_000;
const rounds = 3;

/** Where what is looked at is made. */
export type DamagePlaces = {
  readonly top: string;
  /** A work tree of Git with so many objects, all of them in one pack. */
  readonly packed: string;
  readonly objects: number;
};

/** What it costs to look for damage in a repository where there is none, tier by tier (G40). */
export async function benchDamage({ top, packed, objects }: DamagePlaces): Promise<void> {
  const loose = path.join(top, "loose");
  execFileSync("git", ["init", "-q", loose]);
  makeLoose(path.join(loose, ".git/objects"));
  const tier1 = await medianMs(rounds, async () => void (await examined(path.join(loose, ".git"))));
  printFigure({
    what: `tier 1 with ${count(looseObjects)} loose objects`,
    aim: "250 ms",
    measured: milliseconds(tier1),
  });
  const tier2 = await medianMs(
    rounds,
    async () => void (await examined(path.join(packed, ".git"))),
  );
  printFigure({
    what: `tiers 1 and 2 with ${count(objects)} objects in a pack`,
    aim: "50 ms",
    measured: milliseconds(tier2),
  });
  await benchConnectivity(packed, objects);
}

/** Files as Git has them, each a blob of its own. */
function makeLoose(folder: string): void {
  for (let at = 0; at < looseObjects; at += 1) {
    const bytes = Buffer.from(`blob ${String(at).length}\0${at}`);
    const oid = createHash("sha1").update(bytes).digest("hex");
    mkdirSync(path.join(folder, oid.slice(0, 2)), { recursive: true });
    writeFileSync(path.join(folder, oid.slice(0, 2), oid.slice(2)), deflateSync(bytes));
  }
}

async function examined(folder: string): Promise<Health> {
  const gitdir = Buffer.from(folder);
  const watch = { now: () => systemClock.now(), deadline: systemClock.now() + minuteMs };
  const places = { gitdir, common: gitdir };
  const health = await examineGit({ places, withCommon: true, host: "bench", watch });
  if (health.evidence.some(({ severity }) => severity === "damage"))
    throw new Error("damage where there is none");
  return health;
}

async function benchConnectivity(packed: string, objects: number): Promise<void> {
  const folder = path.join(packed, ".git");
  const health = await examined(folder);
  const gitdir = Buffer.from(folder);
  const git = await findGit(process.env["PATH"], { outside: packed, clock: systemClock });
  const words = ["fsck", "--no-dangling", "--no-reflogs", "--no-progress", "--connectivity-only"];
  const alone = await medianMs(rounds, () => runProgram("git", ["-C", packed, ...words]));
  for (const [engine, binary] of [
    ["git", git],
    ["our own walk", undefined],
  ] as const) {
    const took = await medianMs(rounds, async () => {
      const { extent } = await followAll({
        places: { gitdir, common: gitdir },
        health,
        git: binary,
        tmp: tmpdir(),
        content: binary === undefined,
        clock: systemClock,
        deadline: systemClock.now() + minuteMs,
      });
      if (extent.checked !== "all") throw new Error(`not all was followed with ${engine}`);
    });
    printFigure({
      what: `tier 3 of ${count(objects)} objects, ${engine}`,
      aim: engine === "git" ? "600 ms" : "",
      measured: milliseconds(took),
      note: engine === "git" ? `git fsck alone: ${milliseconds(alone)}` : "",
    });
  }
}
