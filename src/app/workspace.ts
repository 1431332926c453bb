import type { RepositoryLeases } from "../core/repo/lease.ts";
import { transfersMax } from "../core/settings/values.ts";
import type { EngineDeps } from "../engine/engine-deps.ts";
import { openEngine, type Engine } from "../engine/engine.ts";
import { openLeases } from "../guard/leases.ts";
import { openWorkTrees } from "../guard/work-trees.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { IndexStore, KeptRemote, RemoteSide } from "../ports.ts";
import { connect, type KnownPlace } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { openWorkspace, type OpenWorkspace } from "./open-workspace.ts";
import { isLinked, type LinkedRecord } from "./find-workspace.ts";
import { excludedIn, recordExcluded } from "./exclusion-record.ts";
import { refuseUnsettled } from "./initial-mark.ts";
import { settingsOf } from "./settings-of.ts";
import { gitIgnoresOf } from "./guard-world.ts";
import { openSyncedRepositories } from "./synced-repositories.ts";

/** A workspace with the engine of its link, and the side that it syncs with. */
export interface LinkedWorkspace extends OpenWorkspace {
  readonly record: LinkedRecord;
  readonly engine: Engine;
  readonly remote: RemoteSide & KeptRemote;
  /** What the engine works with, for the parts of it that are asked directly. */
  readonly engineDeps: EngineDeps;
}

/**
 * Hold a linked workspace with its account and its engine.
 *
 * @throws {SnapError} as `openWorkspace`, and `not-logged-in`; `refused` where the first sync was cut off, and this is none of what
 * brings it to its end
 */
export async function openLinked(
  environment: Environment,
  record: LinkedRecord,
  what: string,
): Promise<LinkedWorkspace> {
  if (!settlesInitial.includes(what)) refuseUnsettled(record);
  await using stack = new AsyncDisposableStack();
  const workspace = stack.use(await openWorkspace(environment, record, what));
  const connection = stack.use(await connect(environment, record.account, record.id));
  const remote = connection.side(record.remote, knownPlace(workspace.state.index));
  const engineDeps = await engineDepsOf(workspace, remote);
  const owned = stack.move();
  return {
    ...workspace,
    engine: openEngine(engineDeps),
    engineDeps,
    remote,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Where the linked folder was found when it was looked for last; undefined before that. */
export function knownPlace(index: IndexStore): KnownPlace | undefined {
  const [root, folder] = [index.meta("root_namespace"), index.meta("root_id")];
  const home = index.meta("account_home");
  return root === undefined || folder === undefined ? undefined : { root, folder, home };
}

/** What may be done while the first sync of a link has not come to its end (S44). */
const settlesInitial: readonly string[] = ["link", "sync", "start"];

/** What the engine of a link works with. */
export async function engineDepsOf(
  { environment, record, local, state }: OpenWorkspace & { readonly record: LinkedRecord },
  remote: RemoteSide,
): Promise<EngineDeps> {
  const { clock, rng, logger, tool, settings } = environment;
  const repositories = await openSyncedRepositories(environment, record);
  const own = settingsOf(environment, record);
  return {
    local,
    remote,
    index: state.index,
    journal: state.journal,
    holds: state.holds,
    tokens: state.tokens,
    clock,
    rng,
    logger,
    workTrees: openWorkTrees({ top: record.path, clock }),
    leases: leasesOf(environment, { record, state }, remote),
    ...gitIgnoresOf(environment, record),
    config: {
      workspace: record.id,
      link: record.linkId,
      account: record.account,
      device: settings.read().device.name,
      tool,
      repos: record.repos,
      overridden: (path) => repositories.overridden(path),
      repositoryAt: (path) => repositories.repositoryAt(path),
      get overrides() {
        return repositories.text;
      },
      renewOverrides: () => repositories.renew(),
      excluded: () => excludedIn(environment, record.id),
      exclude: (paths) => recordExcluded(environment, record.id, paths),
      newRemoteFolders: own.newRemoteFolders ?? "sync",
      transfers: own["transfer.parallel"] ?? transfersMax,
    },
  };
}

/** A device may have the same linked folder in two workspaces: each is somebody of its own. */
function leasesOf(
  { clock, logger, settings }: Environment,
  { record, state }: Pick<LinkedWorkspace, "record" | "state">,
  remote: RemoteSide,
): RepositoryLeases {
  const { index } = state;
  const seen = {
    read: () => index.meta("leases"),
    write: (text: string) => index.transaction(() => index.setMeta("leases", text)),
  };
  const holder = { id: record.linkId, name: settings.read().device.name };
  return openLeases({ remote, clock, logger, holder, seen });
}

/** Open what the record of a workspace calls for: with its engine where it is linked. */
export async function openAny(
  environment: Environment,
  record: WorkspaceRecord,
  what: string,
): Promise<OpenWorkspace | LinkedWorkspace> {
  return isLinked(record)
    ? openLinked(environment, record, what)
    : openWorkspace(environment, record, what);
}

/** Whether a workspace was opened with its engine. */
export function hasEngine(workspace: OpenWorkspace): workspace is LinkedWorkspace {
  return "engine" in workspace;
}
