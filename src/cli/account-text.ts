import type { Account, AccountFacts } from "../app/accounts.ts";
import { displayName } from "../core/path/names.ts";
import type { Json } from "../std/json.ts";
import { formatSize } from "./format.ts";

/** An account as programs read it; nothing in it is a secret. */
export function describeAccount(account: Account): Readonly<Record<string, Json>> {
  const { id, name, email, kind, appKey, server } = account;
  return {
    id,
    name,
    email,
    kind,
    access: accessOf(account),
    ...(appKey !== undefined && { appKey }),
    ...(server !== undefined && { server }),
  };
}

/** What the server says of it, as programs read it. */
export function describeFacts({ account, space }: AccountFacts): Readonly<Record<string, Json>> {
  const { root, home, team } = account;
  return { root, home, ...(team !== undefined && { team }), ...space };
}

/** `Ada (ada@example.com), Dropbox`; of a server that stands for it the address. */
export function accountLine({ name, email, kind, server }: Account): string {
  const where = kind === "local" ? "embedded account" : (server ?? "Dropbox");
  return `${displayName(name)} (${displayName(email)}), ${where}`;
}

/** What the login may see, and how much of the space is used. */
export function factLines(account: Account, { account: told, space }: AccountFacts): string {
  const used =
    space === undefined
      ? []
      : [`${formatSize(space.usedBytes)} of ${formatSize(space.allocatedBytes)} used`];
  return [...sightLines(account, told), ...used].join("\n");
}

function sightLines(account: Account, { home, team }: AccountFacts["account"]): readonly string[] {
  if (accessOf(account) === "app-folder") {
    return ["Sees the folder of its app, below /Apps, and nothing else"];
  }
  if (home === "") return ["Sees everything"];
  const whose = team === undefined ? "the team" : displayName(team);
  return [`Sees everything of ${whose}; your own folder is "${displayName(home)}"`];
}

function accessOf({ access }: Account): "full" | "app-folder" {
  return access ?? "full";
}
