import type { Clock } from "../std/time.ts";
import { walkObjects } from "./connectivity-walk.ts";
import type { Health } from "./damage.ts";
import { wholly, type Evidence, type Examined } from "./evidence.ts";
import { ObjectStore } from "./git-objects.ts";
import type { GitPlaces } from "./git-refs.ts";
import { inside, readStart } from "./read-only.ts";

/** A repository whose commits are followed by our own code. */
export type Reachability = {
  readonly places: GitPlaces;
  /** What tiers 1 and 2 told of it. */
  readonly health: Health;
  readonly clock: Clock;
  /** ms since 1970. */
  readonly deadline: number;
};

type From = Omit<Parameters<typeof walkObjects>[0], "store" | "boundaries">;

/** Walk from some objects of a repository; its shallow boundaries are ends (G41). */
export async function walkFrom(
  { places, health }: Pick<Reachability, "places" | "health">,
  from: From,
): ReturnType<typeof walkObjects> {
  using store = new ObjectStore(inside(places.common, "objects"), health.hashBytes);
  return await walkObjects({ store, boundaries: boundariesOf(places), ...from });
}

const shallowBytesMax = 4 * 1024 * 1024;

function boundariesOf({ common }: GitPlaces): ReadonlySet<string> {
  return new Set((readStart(inside(common, "shallow"), shallowBytesMax) ?? "").split("\n"));
}

/**
 * Name the commits that only damage still knows of (G42): of the object ids in the evidence those that are there, and that
 * nothing reaches. Where that cannot be told in time, none is named.
 */
export async function withRescuable(
  evidence: readonly Evidence[],
  connection: Reachability,
): Promise<Evidence[]> {
  const { oids, extent } = await unreached(evidence, connection);
  if (extent.checked !== "all" || oids.size === 0) return [...evidence];
  return evidence.map((sign) => {
    const rescuableOid = sign.oids?.find((oid) => oids.has(oid));
    return rescuableOid === undefined ? sign : { ...sign, rescuableOid };
  });
}

/** Object ids in the evidence that are there, and that nothing is known to reach. */
export async function unreached(
  evidence: readonly Evidence[],
  { places, health, clock, deadline }: Reachability,
): Promise<{ readonly oids: ReadonlySet<string>; readonly extent: Examined["extent"] }> {
  using store = new ObjectStore(inside(places.common, "objects"), health.hashBytes);
  const named = new Set(evidence.flatMap(({ oids }) => oids ?? []));
  const there = [...named].filter((oid) => isCommit(store, oid));
  if (there.length === 0) return { oids: new Set(), extent: wholly };
  const tips = health.tips.map(({ oid }) => oid);
  const watch = { now: () => clock.now(), deadline };
  const from = { tips, what: "commits", watch } as const;
  const { reached, extent } = await walkFrom({ places, health }, from);
  return { oids: new Set(there.filter((oid) => !reached.has(oid))), extent };
}

const commitBytesMax = 32 * 1024 * 1024;

/** A commit, or a tag that leads to one. */
export function isCommit(store: ObjectStore, oid: string): boolean {
  const object = store.read(oid, commitBytesMax);
  return typeof object === "object" && (object.type === "commit" || object.type === "tag");
}
