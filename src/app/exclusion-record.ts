import { Exclusions } from "../core/exclusions.ts";
import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { Environment } from "./environment.ts";

/** Folders that a link leaves on the server, as the settings have them now (S93). */
export function excludedIn(environment: Environment, workspace: string): readonly RelPath[] {
  const { workspaces } = environment.settings.read();
  return pathsOf(workspaces.find(({ id }) => id === workspace));
}

function pathsOf(record: WorkspaceRecord | undefined): readonly RelPath[] {
  return (record?.excluded ?? []).map(parseRelPath);
}

/** Add folders to those that a link leaves on the server; durable on return. */
export function recordExcluded(
  environment: Environment,
  workspace: string,
  paths: readonly RelPath[],
): void {
  change(environment, workspace, (exclusions) =>
    paths.reduce((all, path) => all.with(path), exclusions),
  );
}

/** Take folders out of that list; durable on return. */
export function recordIncluded(
  environment: Environment,
  workspace: string,
  paths: readonly RelPath[],
): void {
  change(environment, workspace, (exclusions) =>
    paths.reduce((all, path) => all.without(path), exclusions),
  );
}

/** On what the file holds now: another process may have changed it. */
function change(
  environment: Environment,
  workspace: string,
  edit: (exclusions: Exclusions) => Exclusions,
): void {
  environment.settings.update((config) => ({
    ...config,
    workspaces: config.workspaces.map((record) =>
      record.id === workspace
        ? withExcluded(record, edit(new Exclusions(pathsOf(record))))
        : record,
    ),
  }));
}

function withExcluded(record: WorkspaceRecord, { paths }: Exclusions): WorkspaceRecord {
  const { excluded: _, ...rest } = record;
  return paths.length === 0 ? rest : { ...rest, excluded: paths };
}
