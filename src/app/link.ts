import path from "node:path";
import { openLocalSide } from "../local/local-side.ts";
import { openIndex } from "../state/database.ts";
import { refuseHalfRestored } from "./half-restored.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { choiceOf, type RepoChoice } from "../core/repo/policy.ts";
import type { LocalSide } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import { connect, type Account, type Connection } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { isLinked, requireLink, resolveFolder, type LinkedRecord } from "./find-workspace.ts";
import { guardFolder, guardRemote } from "./guard.ts";
import { holdWorkspace } from "./hold-workspace.ts";
import { agreeOnRepos } from "./link-repos.ts";
import { prepareLink, remember } from "./prepare-link.ts";
import { remoteFromTemplate } from "./link-template.ts";
import { refuseBadPlace } from "./bad-place.ts";
import { parseRemotePath } from "./remote-path.ts";
import { settingsOf } from "./settings-of.ts";

/** What a person asks for. */
export type LinkRequest = {
  readonly folder: string;
  /** May have `{name}` in it; undefined: the setting `link.template`, else the name of the folder at the top of the account. */
  readonly remote: string | undefined;
  /** undefined: the setting `repos`. */
  readonly repos?: RepoChoice["repos"] | undefined;
  /** What Git ignores is left out (G50); undefined: the setting `gitignore`. */
  readonly gitignore?: boolean | undefined;
};

/** What a link would be; nothing was written yet. */
export type LinkPlan = {
  /** Real, absolute path of the workspace. */
  readonly top: string;
  /** "" or "/folder/sub". */
  readonly remote: string;
  readonly account: Account;
  readonly choice: RepoChoice;
  readonly remoteExists: boolean;
  /** What the guard has to say that is no refusal. */
  readonly warnings: readonly string[];
};

/**
 * Look whether a folder may be bound to a remote folder: places, account, and the guard on both sides.
 *
 * @throws {SnapError} `path-missing`, `path-invalid`, `workspace-nested`, `usage`, `not-logged-in`, `repository-found`,
 * `repository-damaged`, and what a server can answer
 */
export async function planLink(environment: Environment, request: LinkRequest): Promise<LinkPlan> {
  const top = resolveFolder(environment, request.folder);
  const wishes = wishesOf(environment, request, top);
  refuseBadPlace(environment, top);
  await using connection = await connect(environment);
  const remote = wishes.isNamed ? wishes.remote : await amongOwn(connection, wishes.remote);
  const side = connection.side(remote);
  const agreed = await agreeOnRepos(side, request, wishes.usual);
  const { choice } = agreed;
  const names = { top, remote, ...choice };
  const found = await guardFolder(environment, names);
  if (agreed.trouble !== undefined) throw agreed.trouble;
  const remoteExists = (await side.folderId()) !== undefined;
  if (remoteExists) await guardRemote(side, names);
  const warnings = [...agreed.warnings, ...found];
  return { top, remote, account: connection.account, choice, remoteExists, warnings };
}

/** What the person did not say comes from the settings: those of the workspace, where the folder is one, else the user's. */
function wishesOf(
  environment: Environment,
  { remote }: LinkRequest,
  top: string,
): { readonly remote: string; readonly isNamed: boolean; readonly usual: RepoChoice } {
  const known = environment.settings.read().workspaces.find((record) => record.path === top);
  const settings = settingsOf(environment, known ?? { id: "" });
  const names = new Map(Object.entries(settings["link.names"] ?? {}));
  const template = remote ?? settings["link.template"];
  return {
    remote:
      template === undefined
        ? parseRemotePath(path.basename(top))
        : remoteFromTemplate(template, names),
    isNamed: template !== undefined,
    usual: {
      repos: settings.repos ?? "refuse",
      ...(settings.gitignore === "exclude" && { gitignore: "exclude" }),
    },
  };
}

/** What nobody named is a folder among the person's own: the top of a team is everybody's. */
async function amongOwn(connection: Connection, remote: string): Promise<string> {
  const { home } = await connection.side("").account();
  return parseRemotePath(`${home}${remote}`);
}

/** Bind the two. Moves no file; interrupted at any moment, it can be done again. */
export async function makeLink(environment: Environment, plan: LinkPlan): Promise<LinkedRecord> {
  await using prepared = await prepareLink(environment, plan);
  prepared.finish();
  return prepared.record;
}

/**
 * Forget the bond of a workspace and its sync state. Files, snapshots, trash and undo area stay.
 *
 * @throws {SnapError} `workspace-missing`, `busy`
 */
export async function removeLink(
  environment: Environment,
  place: string,
  options: { readonly dryRun: boolean },
): Promise<LinkedRecord> {
  const record = requireLink(environment, place);
  if (options.dryRun) return record;
  const { clock, rng, locations } = environment;
  const files = workspaceFiles(locations, record.id);
  await using _hold = await holdWorkspace(environment, record, "unlink");
  using open = openIndex(files.index, { clock });
  refuseHalfRestored(open, record);
  remember(environment, unlinkedRecord(record));
  open.index.transaction(() => open.index.forgetLink());
  await markUnlinked(record, openLocalSide({ top: record.path, clock, rng }));
  return record;
}

/** What is known of a workspace besides its link. */
function unlinkedRecord(record: LinkedRecord): WorkspaceRecord {
  const { id, path: top, settings, madeAt } = record;
  return {
    id,
    path: top,
    ...choiceOf(record),
    ...(settings === undefined ? {} : { settings }),
    madeAt,
  };
}

/** A workspace that is not mounted now keeps its old marker, which binds nothing any more. */
async function markUnlinked(record: LinkedRecord, local: LocalSide): Promise<void> {
  const marker = await local.readMarker().catch((error: unknown) => {
    if (error instanceof SnapError && error.code === "workspace-missing") return undefined;
    throw error;
  });
  if (marker?.workspace !== record.id) return;
  await local.writeMarker({ workspace: record.id, generation: marker.generation });
}

/** A workspace as the list shows it. */
export type ListedWorkspace = {
  readonly id: string;
  readonly path: string;
  readonly link: { readonly remote: string; readonly account: string } | undefined;
};

/** Every workspace that this installation knows, by path. */
export async function listWorkspaces(
  environment: Environment,
): Promise<readonly ListedWorkspace[]> {
  return environment.settings
    .read()
    .workspaces.toSorted((a, b) => a.path.localeCompare(b.path, "en"))
    .map((record) => ({
      id: record.id,
      path: record.path,
      link: isLinked(record) ? { remote: record.remote, account: record.account } : undefined,
    }));
}
