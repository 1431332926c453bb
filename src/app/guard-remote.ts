import { displayName } from "../core/path/names.ts";
import { topPath } from "../core/path/rel-path.ts";
import type { GuardEvent } from "../guard/report.ts";
import { judgeRemote, type RemoteRepository } from "../guard/remote-judge.ts";
import { SnapError } from "../std/error.ts";
import { connect } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { parseRemotePath } from "./remote-path.ts";

/** The repositories in a folder of the account. */
export type RemoteReport = {
  /** "/" for the root of the account. */
  readonly folder: string;
  readonly repositories: readonly RemoteRepository[];
};

/**
 * Judge a folder of the account by its listing (G13); nothing is downloaded.
 *
 * @throws {SnapError} `path-invalid`, `not-logged-in`, `remote-missing`, and what a server can answer
 */
export async function checkRemote(environment: Environment, named: string): Promise<RemoteReport> {
  const remote = parseRemotePath(named);
  await using connection = await connect(environment);
  const side = connection.side(remote);
  const folder = remote === "" ? "/" : remote;
  if ((await side.folderId()) === undefined) {
    throw new SnapError(
      "remote-missing",
      `There is no folder "${displayName(folder)}" in Dropbox`,
      {
        path: folder,
      },
    );
  }
  return { folder, repositories: await judgeRemote(side.list(topPath, { recursive: true })) };
}

/** One event for each repository. */
export function remoteEvents({ folder, repositories }: RemoteReport): GuardEvent[] {
  return repositories.map((repository) => ({
    v: 1,
    schema: "snap.guard/1",
    type: "remote-finding",
    folder,
    ...repository,
    severity: "refuse",
  }));
}

/** The result with what is known of the remote folder: no number stands for what is in it, so it is at risk (G38). */
export function withRemote(result: GuardEvent, remote: RemoteReport | undefined): GuardEvent {
  const told =
    remote === undefined
      ? null
      : { folder: remote.folder, counts: { refuse: remote.repositories.length } };
  const isRisk =
    remote !== undefined &&
    remote.repositories.length > 0 &&
    ["clear", "warn", "repo"].includes(String(result["verdict"]));
  return { ...result, ...(isRisk ? { verdict: "risk" } : {}), remote: told };
}

/** For people. */
export function remoteText({ folder, repositories }: RemoteReport): string {
  const lines = repositories.map(({ path, vcs, form, conflictedCopies }) => {
    const copies = conflictedCopies === 0 ? "" : `; ${conflictedCopies} conflicted copies in it`;
    const where = path === "" ? "." : displayName(path);
    return `refuse  ${where}  ${vcs}  ${form === "dir" ? "repository" : form} in Dropbox${copies}`;
  });
  const what =
    repositories.length === 0
      ? "No repository in the folder of Dropbox"
      : "A repository in the folder of Dropbox: snap does not link it";
  return [...lines, `${what} "${displayName(folder)}"`].join("\n");
}
