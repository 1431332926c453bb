import { SnapError } from "../../std/error.ts";
import { rootChanged } from "../../core/tree/root-changed.ts";
import type { IndexStore, RemoteAccount, RootMarker } from "../../ports.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { beaconNote } from "./generation.ts";

/**
 * Make sure that the folder is the workspace of this link (S22, S79). An unmounted disk shows an empty folder, which
 * must not look like a workspace whose files were all deleted.
 *
 * @throws {SnapError} `workspace-missing`
 */
export async function checkWorkspace({ local, config }: EngineDeps): Promise<RootMarker> {
  const marker = await local.readMarker();
  if (marker === undefined) {
    throw notOurs(local.top, 'its root marker ".snap/root.json" is missing');
  }
  if (marker.workspace !== config.workspace || marker.link !== config.link) {
    throw notOurs(local.top, 'its root marker ".snap/root.json" names another workspace or link');
  }
  return marker;
}

function notOurs(top: string, why: string): SnapError {
  return new SnapError("workspace-missing", `"${top}" is not the workspace of this link: ${why}`, {
    path: top,
    hint: "Is its disk mounted? If the folder was replaced on purpose, run snap unlink and snap link.",
  });
}

/**
 * Make sure that the server still shows the account and the folder of this link (S35, S79). A first link makes
 * the folder. Where the folder has another id than before, as after sharing it (S32), everything is listed anew.
 *
 * @throws {SnapError} `account-changed`, `remote-missing`
 */
export async function checkRemote(deps: EngineDeps): Promise<void> {
  const { index, remote } = deps;
  const known = index.meta("root_id");
  const { account, found } = await lookAtPlace(deps);
  checkRoot(index, account, found);
  if (found === undefined && known !== undefined) {
    throw new SnapError("remote-missing", "The linked folder is gone from the server", {
      hint: "Put it back there, or let `snap rollback keep` make it again from this disk: nothing here was changed.",
    });
  }
  const id = found ?? (await remote.makeTop());
  if (id !== known) index.transaction(() => beginAnew(index, id));
}

/** Both at once: each is a way to the server and back. Who is logged in comes first, where both fail. */
async function lookAtPlace(deps: EngineDeps): Promise<Place> {
  const [account, found] = await Promise.allSettled([checkAccount(deps), deps.remote.folderId()]);
  if (account.status === "rejected") throw account.reason;
  const root = deps.index.meta("root_namespace");
  const isElsewhere = root !== undefined && account.value.root !== root;
  if (isElsewhere) return { account: account.value, found: await deps.remote.folderId() };
  if (found.status === "rejected") throw found.reason;
  return { account: account.value, found: found.value };
}

type Place = {
  readonly account: RemoteAccount;
  /** Id of the folder that the path of the link leads to, from the root of the account. */
  readonly found: string | undefined;
};

/**
 * The path of the link must begin where it did. From another root, as of a team that was joined or left, the same path is
 * another place, which looks like a folder whose files were all removed: it counts as this link's where it is the same
 * folder, and is listed anew; the whole of one root is never the whole of another.
 *
 * @throws {SnapError} `account-changed`
 */
function checkRoot(index: IndexStore, account: RemoteAccount, found: string | undefined): void {
  const known = index.meta("root_namespace");
  if (account.root === "" || account.root === known) return;
  const folder = index.meta("root_id");
  const isSame = folder !== undefined && folder !== "" && folder === found;
  if (known !== undefined && folder !== undefined && !isSame) throw rootChanged(account);
  index.transaction(() => {
    if (known !== undefined && folder !== undefined) beginAnew(index, folder);
    index.setMeta("root_namespace", account.root);
  });
}

/** Another folder is listed from its beginning. */
function beginAnew(index: IndexStore, rootId: string): void {
  index.setMeta("root_id", rootId);
  index.setMeta("cursor", undefined);
  index.setMeta("complete", undefined);
}

/**
 * Make the linked folder again where it is gone, for a disk that shall be kept (S119). It is empty then, which looks like an
 * emptied folder and is held as such, until the user's choice is carried out. Where nothing would show that, as after a
 * first sync that was cut off, no older state is believed any more: both sides are united, nothing is removed (S44).
 *
 * @returns whether it was gone
 * @throws {SnapError} `account-changed`, and what `RemoteSide.makeTop` throws
 */
export async function remakeTop(deps: EngineDeps): Promise<boolean> {
  const { index, remote } = deps;
  if (!(await isTopGone(deps))) return false;
  const id = await remote.makeTop();
  index.transaction(() => {
    beginAnew(index, id);
    if (beaconNote(index) === undefined) index.synced.clear();
  });
  return true;
}

/** Whether the linked folder, known to the index, is gone from the server. @throws {SnapError} `account-changed` */
export async function isTopGone(deps: EngineDeps): Promise<boolean> {
  const { account, found } = await lookAtPlace(deps);
  if (deps.index.meta("root_id") === undefined) return false;
  checkRoot(deps.index, account, found);
  return found === undefined;
}

function noteAccount(index: IndexStore, { id, home }: RemoteAccount): void {
  if (index.meta("account_id") === id && index.meta("account_home") === home) return;
  index.transaction(() => {
    index.setMeta("account_id", id);
    index.setMeta("account_home", home);
  });
}

async function checkAccount({ index, remote, config }: EngineDeps): Promise<RemoteAccount> {
  const account = await remote.account();
  const known = index.meta("account_id");
  if (account.id === config.account && (known === undefined || known === account.id)) {
    noteAccount(index, account);
    return account;
  }
  throw new SnapError("account-changed", "The login belongs to another account than this link", {
    hint: `Log in with the account that was linked; this one is "${account.email}".`,
  });
}
