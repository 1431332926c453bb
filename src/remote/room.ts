import type { Work } from "../std/events.ts";
import type { Client, Route } from "./client.ts";
import { countIn, isShape, shapeIn } from "./shape.ts";

/** Bytes of an account; of a team, which shares what it has, those of all members. */
export type Space = { readonly usedBytes: number; readonly allocatedBytes: number };

/** Bytes that the account still takes (T33); undefined where the server does not tell. */
export async function roomLeft(client: Client, work?: Work): Promise<number | undefined> {
  const space = await spaceOf(client, work);
  return space === undefined ? undefined : Math.max(0, space.allocatedBytes - space.usedBytes);
}

/** What is used of how much; undefined where the server does not tell. */
export async function spaceOf(client: Client, work?: Work): Promise<Space | undefined> {
  const route: Route = (sdk, own) => sdk.usersGetSpaceUsage(own);
  const told = await client.call(route, { what: "Asking for room", endpoint: "other", work });
  const allocation = isShape(told) ? shapeIn(told, "allocation") : undefined;
  if (!isShape(told) || allocation === undefined) return undefined;
  const allocatedBytes = countIn(allocation, "allocated");
  const usedBytes = countIn(allocation, "used") ?? countIn(told, "used");
  if (allocatedBytes === undefined || allocatedBytes === 0 || usedBytes === undefined) {
    return undefined;
  }
  return { usedBytes, allocatedBytes };
}
