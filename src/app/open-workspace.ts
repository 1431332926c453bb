import type { ContentMemory } from "../core/tree/content-memory.ts";
import { openLocalSide } from "../local/local-side.ts";
import { SqliteContentMemory } from "../state/content-memory.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { openIndex, type OpenIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { LocalSide } from "../ports.ts";
import type { Environment } from "./environment.ts";
import { holdWorkspace } from "./hold-workspace.ts";

/** One workspace, held by this process until it is disposed of (S12). */
export interface OpenWorkspace extends AsyncDisposable {
  readonly environment: Environment;
  readonly record: WorkspaceRecord;
  readonly local: LocalSide;
  readonly state: OpenIndex;
  /** What captures of it have read (N35). */
  readonly contents: ContentMemory;
}

/**
 * Hold a workspace: its lock and its index. No account is needed.
 *
 * @param what is being done, for the message that another process shows
 * @throws {SnapError} `busy`, `disk-full`, `disk-read-only`, `version-too-new`
 */
export async function openWorkspace<R extends WorkspaceRecord>(
  environment: Environment,
  record: R,
  what: string,
): Promise<OpenWorkspace & { readonly record: R }> {
  await using stack = new AsyncDisposableStack();
  const { clock, locations } = environment;
  const files = workspaceFiles(locations, record.id);
  stack.use(await holdWorkspace(environment, record, what));
  const state = stack.use(openIndex(files.index, { clock, link: record.linkId }));
  const contents = stack.use(new SqliteContentMemory(files.contents, environment.logger));
  const owned = stack.move();
  return openedOf({ environment, record, contents, state }, () => owned.disposeAsync());
}

/** An open workspace made of its parts; `end` gives back what it holds. */
export function openedOf<R extends WorkspaceRecord>(
  parts: Omit<OpenWorkspace, "local" | "record" | typeof Symbol.asyncDispose> & {
    readonly record: R;
  },
  end: () => Promise<void>,
): OpenWorkspace & { readonly record: R } {
  const { clock, rng } = parts.environment;
  const local = openLocalSide({ top: parts.record.path, clock, rng });
  return { ...parts, local, [Symbol.asyncDispose]: end };
}
