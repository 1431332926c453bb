import { rmSync } from "node:fs";
import { openLocalSide } from "../local/local-side.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { SqliteContentMemory } from "../state/content-memory.ts";
import { openIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import { randomHex } from "../std/random.ts";
import type { Environment } from "./environment.ts";
import type { LinkedRecord } from "./find-workspace.ts";
import { refuseHalfRestored } from "./half-restored.ts";
import { holdWorkspace } from "./hold-workspace.ts";
import type { LinkPlan } from "./link.ts";
import { noteOverrides } from "./override-log.ts";
import type { OpenWorkspace } from "./open-workspace.ts";

/** A link that has everything but its line in the settings: no other process knows of it yet. */
export interface PreparedLink extends OpenWorkspace {
  readonly record: LinkedRecord;
  /** From here on it is a link. */
  finish(): void;
  /** Everything is as it was before. */
  giveUp(): Promise<void>;
}

/**
 * Make index and root marker of a link. Interrupted at any moment, it can be done again, or be left as it is: without a line in the
 * settings nothing is bound.
 *
 * @param initial is kept with the link until its first sync has come to its end (S44)
 * @throws {SnapError} `busy`, `refused` in the middle of a restore, and trouble of the disk
 */
export async function prepareLink(
  environment: Environment,
  plan: LinkPlan,
  initial?: "push" | "pull",
): Promise<PreparedLink> {
  const { clock, rng, locations, settings } = environment;
  const known = settings.read().workspaces.find((record) => record.path === plan.top);
  const record = recordOf(environment, { plan, known, initial });
  const files = workspaceFiles(locations, record.id);
  await using stack = new AsyncDisposableStack();
  stack.use(await holdWorkspace(environment, record, "link"));
  const state = stack.use(openIndex(files.index, { clock }));
  refuseHalfRestored(state, record);
  // An index that a cut-off link left behind holds nothing of this one.
  state.index.transaction(() => {
    state.index.forgetLink();
    state.index.setMeta("workspace", record.id);
    state.index.setMeta("link", record.linkId);
    // Another link counts its own cycles: the old count against a new marker would look like a disk put back (S117).
    state.index.setMeta("generation", undefined);
    state.index.setMeta("marked", undefined);
    state.index.setMeta("account_id", record.account);
  });
  const local = openLocalSide({ top: plan.top, clock, rng });
  const before = await local.readMarker();
  await local.writeMarker({ workspace: record.id, link: record.linkId, generation: 0 });
  const contents = stack.use(new SqliteContentMemory(files.contents, environment.logger));
  const owned = stack.move();
  return {
    environment,
    record,
    local,
    state,
    contents,
    finish: () => {
      noteOverrides(environment, record, state.index);
      remember(environment, record);
    },
    giveUp: async () => {
      await (before === undefined ? local.removeMarker() : local.writeMarker(before));
      state.index.transaction(() => state.index.forgetLink());
      await owned.disposeAsync();
      if (known === undefined) rmSync(files.folder, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Wanted = {
  readonly plan: LinkPlan;
  readonly known: WorkspaceRecord | undefined;
  readonly initial: "push" | "pull" | undefined;
};

function recordOf({ clock, rng }: Environment, { plan, known, initial }: Wanted): LinkedRecord {
  return {
    id: known?.id ?? randomHex(rng, 8),
    path: plan.top,
    linkId: randomHex(rng, 8),
    account: plan.account.id,
    remote: plan.remote,
    ...plan.choice,
    ...(known?.settings === undefined ? {} : { settings: known.settings }),
    ...(initial === undefined ? {} : { initial }),
    madeAt: clock.now(),
  };
}

/** Put a workspace into the settings, in place of what was known of it. */
export function remember(environment: Environment, record: WorkspaceRecord): void {
  environment.settings.update((config) => ({
    ...config,
    workspaces: [...config.workspaces.filter((other) => other.id !== record.id), record],
  }));
}
