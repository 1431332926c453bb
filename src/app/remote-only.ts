import {
  planRemoteOnly,
  restoreRemoteOnly,
  type RemoteOnlyDeps,
  type RemoteReport as Report,
} from "../restore/remote-only.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { connect } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { listFolderOf } from "./listed-folder.ts";
import { openSnapshot } from "./look.ts";
import { parseRemotePath } from "./remote-path.ts";
import type { PlannedRequest } from "./restore.ts";
import { snapshotPath } from "./snapshot-path.ts";

/** How a restore of a folder of Dropbox ended. */
export type RemoteReport = Report;

/** What a person asks of `snap restore --remote-only`. */
export type RemoteOnlyWords = PlannedRequest & {
  readonly reference: string;
  /** A snapshot of any workspace. */
  readonly all: boolean;
  /** From the top of the account. */
  readonly folder: string;
  readonly paths: readonly string[];
  /** undefined: as the kind of restore says (T10). */
  readonly delete: boolean | undefined;
};

/**
 * Restore a folder of the account that was logged in last, without a workspace (T28). `planned` for a dry run.
 *
 * @throws {SnapError} `usage`; `path-missing` where there is no such folder; as `restoreRemoteOnly`
 */
export async function restoreRemoteFolder(
  environment: Environment,
  words: RemoteOnlyWords,
  work: Work,
): Promise<Report | "planned"> {
  if (words.reference === "") {
    throw new SnapError("usage", "Name the snapshot to restore", {
      hint: "`snap list --all-workspaces` shows them.",
    });
  }
  const { store, root } = await openSnapshot(environment, words);
  const folder = parseRemotePath(words.folder);
  await using connection = await connect(environment);
  const link = { account: connection.account.id, folder };
  for (const message of warningsOf(environment, link)) words.onEvent({ type: "warning", message });
  const deps: RemoteOnlyDeps = {
    store,
    remote: connection.side(folder),
    look: (task) => listFolderOf(environment, { connection, folder }, task),
    link,
    device: environment.settings.read().device.name,
    clock: environment.clock,
    onEvent: words.onEvent,
  };
  const paths = words.paths.map(snapshotPath);
  const request = { root, paths, ...(words.delete === undefined ? {} : { delete: words.delete }) };
  if (!words.dryRun) {
    return await restoreRemoteOnly(deps, { ...request, consent: words.consent }, work);
  }
  await planRemoteOnly(deps, request, work);
  return "planned";
}

/** Workspaces of this device that the folder, or a part of it, comes down to. */
function warningsOf(
  { settings }: Environment,
  { account, folder }: { readonly account: string; readonly folder: string },
): readonly string[] {
  const linked = settings
    .read()
    .workspaces.filter(
      ({ account: own, remote }) =>
        own === account &&
        remote !== undefined &&
        (isBelow(remote, folder) || isBelow(folder, remote)),
    );
  return linked.map(
    ({ path, remote = "" }) =>
      `"${path}" is linked to "${remote}": its next sync brings this down, and holds what is very much. To restore both, run snap restore there.`,
  );
}

function isBelow(path: string, folder: string): boolean {
  const [below, above] = [`${path.toLowerCase()}/`, `${folder.toLowerCase()}/`];
  return below.startsWith(above);
}
