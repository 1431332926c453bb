import { present } from "../../../src/std/assert.ts";
import { isSnapError } from "../../../src/std/error.ts";
import { keptContents, leftovers, shapeOfCloud, shapeOfDisk, trashedContents } from "./oracle.ts";
import type { SimWorld } from "./sim-world.ts";

/** Syncs of all clients within which a calm world must be equal (P4). */
const roundsMax = 12;

/**
 * All trouble ends: the sides become equal within so many syncs, and then nothing is written any more (P4). What was written to the
 * server after a client looked is new to that client, also where nothing shows it: two equal files that changed places.
 */
export async function settleWorld(world: SimWorld): Promise<void> {
  await calm(world);
  let reports = "";
  for (let round = 1; round <= roundsMax; round += 1) {
    const { told, seenByAll } = await syncAll(world);
    reports = told;
    const isQuiet = told === "" && seenByAll === world.cloud.journal.length;
    if (isQuiet && differences(world).length === 0) return await checkRest(world);
  }
  const what = `${reports}${differences(world).join("; ")}`;
  world.problems.push(`P4: not equal after ${roundsMax} rounds: ${what}`);
}

async function calm({ weather, cloud, clients, users, scheduler }: SimWorld): Promise<void> {
  weather.storm = 0;
  cloud.roomBytes = Number.MAX_SAFE_INTEGER;
  for (const { run } of clients) {
    if (run !== undefined && run.ending === undefined) await scheduler.runUntilDone(run.ended);
  }
  for (const user of users) user.tidy();
  // From then on what was displaced is looked at again (S65).
  scheduler.advance(61_000);
  scheduler.note("all is calm");
}

/** One sync of each client. */
type Synced = {
  /** What is not well, "" if all is. */
  readonly told: string;
  /** So many lines of the journal were there when each client had looked last. */
  readonly seenByAll: number;
};

async function syncAll({ clients, scheduler, cloud }: SimWorld): Promise<Synced> {
  let reports = "";
  let seenByAll = Number.MAX_SAFE_INTEGER;
  for (const client of clients) {
    scheduler.advance(3_000);
    const run = client.start(undefined);
    await scheduler.runUntilDone(run.ended);
    const { ending } = run;
    if (ending?.how === "failed") {
      reports += `${client.name}: ${String(ending.error)} `;
      if (isSnapError(ending.error, "rolled-back")) await scheduler.runUntilDone(client.goOn());
    } else if (ending?.how === "done" && !ending.report.upToDate) {
      const left = ending.report.left.map(({ path, kind, reason }) => `${path} ${kind} ${reason}`);
      reports += `${client.name}: ${left.join(", ")} `;
    }
    seenByAll = Math.min(seenByAll, cloud.journal.length);
  }
  return { told: reports, seenByAll };
}

/** What stands on one side and not on the other. */
export function differences({ cloud, users, clients }: SimWorld): string[] {
  const there = shapeOfCloud(cloud);
  return users.flatMap((user, at) => {
    const client = present(clients[at], "the client of a user");
    const here = shapeOfDisk(user, client);
    const only = here.filter((line) => !there.includes(line));
    const missing = there.filter((line) => !here.includes(line));
    const isOtherCount = only.length + missing.length === 0 && here.length !== there.length;
    return [
      ...only.map((line) => `${user.name} has ${line}`),
      ...missing.map((line) => `${user.name} lacks ${line}`),
      ...(isOtherCount ? [`${user.name} has ${here.length} of ${there.length}`] : []),
    ];
  });
}

/** At rest nothing is written, nothing is lost, nothing is left lying about (S113). */
async function checkRest(world: SimWorld): Promise<void> {
  const { problems, cloud, users, ledger, clients, epoch } = world;
  const before = { lines: cloud.journal.length, pictures: users.map((user) => user.picture()) };
  const { told } = await syncAll(world);
  if (told !== "") problems.push(`P4: not quiet: ${told}`);
  if (cloud.journal.length !== before.lines) problems.push("P4: a quiet sync wrote to the server");
  for (const [at, user] of users.entries()) {
    if (user.picture() === before.pictures[at]) continue;
    problems.push(`P4: a quiet sync touched the disk of ${user.name}`);
  }
  for (const text of ledger.lost(keptContents(world), trashedContents(world))) {
    problems.push(`P1: lost ${text}`);
  }
  problems.push(...leftovers(cloud, clients), ...epoch.end());
}
