import { compareBytes } from "../core/path/rel-path.ts";
import type { Overrides, SyncedRepository } from "../core/repo/gitdir-path.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { ageOfOverride } from "../guard/overrides.ts";
import { repositorySignature } from "../guard/repository-signature.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { Environment } from "./environment.ts";
import { overriddenFolders, overridesIn } from "./guard-overrides.ts";

/** Whether a repository has other root commits than before is asked again after so long, ms: it takes a look at all of them. */
const askAgainMs = 86_400_000;

/** Which repositories of a workspace are synced by override, as long as it is open. */
export interface SyncedRepositories extends Required<Overrides> {
  /** Another text where anything else is overridden, or otherwise (S95). */
  readonly text: string;
  /**
   * Look again, before each cycle (G44): a record that was made, changed or taken back holds from then on, and one that has ended, or
   * whose repository has another kind, place or list of worktrees, does not. Without a record nothing is looked at, and while all is
   * as it was, only the names in the repository.
   */
  renew(): Promise<void>;
}

/** Look for the first time. */
export async function openSyncedRepositories(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<SyncedRepositories> {
  const { clock } = environment;
  let folders: ReadonlyMap<string, SyncedRepository> = new Map();
  let text = "";
  let known: string | undefined;
  let askedAt = 0;
  const renew = async (): Promise<void> => {
    const now = clock.now();
    const present = presentState(overridesIn(environment, record), now);
    const isLately = now >= askedAt && now - askedAt < askAgainMs;
    if (present === known && (isLately || present === "")) return;
    known = undefined;
    folders = present === "" ? new Map() : await overriddenFolders(environment, record);
    text = textOf(folders);
    known = present;
    askedAt = now;
  };
  await renew();
  return {
    overridden: (path) => folders.has(path),
    repositoryAt: (path) => folders.get(path),
    get text() {
      return text;
    },
    renew,
  };
}

/** "" where nothing was recorded. */
function presentState(records: readonly OverrideRecord[], now: number): string {
  if (records.length === 0) return "";
  const places = new Set(records.map(({ path }) => path));
  const ages = records.map((record) => ageOfOverride(record, now));
  const signatures = Array.from(places, (place) => repositorySignature(place));
  return JSON.stringify([records, ages, signatures]);
}

function textOf(folders: ReadonlyMap<string, SyncedRepository>): string {
  return [...folders]
    .map(([path, { form, isTrusted }]) => `${path}/${form}${isTrusted ? " trusted" : ""}`)
    .toSorted(compareBytes)
    .join("\n");
}
