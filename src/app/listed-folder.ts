import { hash } from "node:crypto";
import { pathKeyOf } from "../core/path/path-key.ts";
import type { CaptureFacts } from "../core/snapshot/root.ts";
import { isTaken } from "../engine/scope/standing.ts";
import { ListedRemote, type ListingOptions } from "../snapshot/listed-remote.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { connect, type Connection } from "./accounts.ts";
import { boundaryOf } from "./boundary.ts";
import { factsOf } from "./capture-source.ts";
import type { Environment } from "./environment.ts";
import { requireLink, type LinkedRecord } from "./find-workspace.ts";
import { openWorkspace } from "./open-workspace.ts";
import { parseRemotePath } from "./remote-path.ts";
import { spoolsAtHome, spoolsOf } from "./spools.ts";

/**
 * The linked folder of the workspace around a place as Dropbox has it now, in the scope of the link (N40). The workspace is held only
 * while its rules are read: a sync goes on beside the listing.
 *
 * @throws {SnapError} `workspace-missing` where there is no link; `busy`; what connecting and listing can throw
 */
export async function listLinkedFolder(
  environment: Environment,
  place: string,
  work: Work,
): Promise<ListedRemote> {
  const record = requireLink(environment, place);
  const scope = await scopeOf(environment, record);
  await using connection = await connect(environment, record.account, record.id);
  const remote = connection.side(record.remote);
  const makeSpool = spoolsOf(environment, record);
  return await ListedRemote.read({ ...scope, remote, makeSpool }, work);
}

/**
 * Any folder of the account that was logged in last, without a workspace: all that is in it, by no rules. Its snapshots belong to a
 * place of its own, which is no workspace.
 *
 * @throws {SnapError} `path-invalid`; `path-missing` where there is no such folder; what connecting and listing can throw
 */
export async function listRemoteFolder(
  environment: Environment,
  folder: string,
  work: Work,
): Promise<ListedRemote> {
  await using connection = await connect(environment);
  return await listFolderOf(environment, { connection, folder }, work);
}

/** The same, by a connection that stands. */
export async function listFolderOf(
  environment: Environment,
  { connection, folder }: { readonly connection: Connection; readonly folder: string },
  work: Work,
): Promise<ListedRemote> {
  const top = parseRemotePath(folder);
  const facts = factsOfFolder(environment, connection.account.id, top);
  const remote = connection.side(top);
  const makeSpool = spoolsAtHome(environment);
  try {
    return await ListedRemote.read({ remote, facts, makeSpool, isTaken: () => true }, work);
  } catch (error) {
    if (!isSnapError(error, "remote-missing")) throw error;
    throw new SnapError("path-missing", `There is no folder "${top}" in Dropbox`, {
      path: top,
      hint: "Give its path from the top of the account, like /project/notes.",
    });
  }
}

/** One folder of one account is one place, in whatever case it is named. */
function factsOfFolder(
  { settings, host }: Environment,
  account: string,
  top: string,
): CaptureFacts {
  const { name: device } = settings.read().device;
  const key = top.split("/").map(pathKeyOf).join("/");
  const id = `folder-${hash("sha256", `${account}\n${key}`, "hex").slice(0, 16)}`;
  const workspace = { id, path: top === "" ? "/" : top, device, host };
  return { workspace, link: { account, path: top }, side: "remote", rules: "", sync: "clean" };
}

async function scopeOf(
  environment: Environment,
  record: LinkedRecord,
): Promise<Pick<ListingOptions, "facts" | "isTaken">> {
  await using workspace = await openWorkspace(environment, record, "capture");
  const boundary = await boundaryOf(workspace);
  return {
    facts: factsOf(workspace, boundary, { side: "remote" }),
    isTaken: (folder, entry) => isTaken(boundary.scope, folder, entry),
  };
}
