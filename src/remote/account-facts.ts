import type { RemoteAccount } from "../core/tree/remote-item.ts";
import type { Work } from "../std/events.ts";
import { Client, type Call, type ClientOptions, type Route } from "./client.ts";
import { statusOf } from "./errors.ts";
import { headerOf } from "./path-root.ts";
import { spaceOf, type Space } from "./room.ts";

/** What a server says of a login. */
export type AccountFacts = { readonly account: RemoteAccount; readonly space: Space | undefined };

/** Who is logged in, and how much space there is. @throws {SnapError} as every call */
export async function accountFacts(options: ClientOptions, work?: Work): Promise<AccountFacts> {
  const client = new Client(options);
  return { account: await client.account(work), space: await spaceOf(client, work) };
}

/**
 * Whether a login is of an app that has a folder of its own and sees nothing else. No answer says so; but such an app may
 * name no root, not even the account's own (fact sheet 1.10).
 *
 * @throws {SnapError} as every call
 */
export async function hasAppFolder(options: ClientOptions): Promise<boolean> {
  const client = new Client(options);
  const { root } = await client.account();
  const call: Call = { what: "Looking", endpoint: "list" };
  const route: Route = (sdk, own) => sdk.filesListFolder({ path: "", limit: 1 }, own);
  const list = (pathRoot: string | undefined): Promise<unknown> =>
    client.repeat({}, () => client.from(pathRoot).call(route, call));
  await list(undefined);
  if (root === "") return false;
  try {
    await list(headerOf(root));
    return false;
  } catch (error) {
    if (statusOf(error) === 400) return true;
    throw error;
  }
}
