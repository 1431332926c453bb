import { digestOf } from "./restore-digest.ts";
import type { PlanItem, PlanSubject } from "./restore-item.ts";
import type { RemotePicture, Sight } from "./restore-picture.ts";
import { emptyTally, planRestore, type RestorePlan } from "./restore-plan.ts";
import type { Wanted } from "./restore-wanted.ts";

/**
 * Decide what a restore does in a folder of Dropbox alone (T28): nothing is known of any disk, and nothing is planned there.
 *
 * Pure.
 */
export function planRemote(
  wanted: Wanted,
  remote: RemotePicture,
  subject: PlanSubject,
): RestorePlan {
  const plan = planRestore(wanted, sightOf(remote), subject);
  const items = plan.items.filter(changesThere).map(withoutDisk);
  return {
    ...plan,
    items,
    counts: { local: emptyTally(), remote: plan.counts.remote },
    changing: items.flatMap(({ path, want }) =>
      want?.kind === "file" && want.changing ? [path] : [],
    ),
    digest: digestOf(items, subject),
    remoteOnly: true,
  };
}

function sightOf(remote: RemotePicture): Sight {
  const local = { items: new Map(), unknown: new Map(), holding: new Set<never>(), ignored: 0 };
  return { local, remote, synced: new Map(), outside: new Map(), saved: new Set() };
}

function changesThere({ remote }: PlanItem): boolean {
  const action = remote?.action;
  return action === "create" || action === "replace" || action === "delete";
}

function withoutDisk(item: PlanItem): PlanItem {
  return { ...item, local: { action: "keep", before: undefined } };
}
