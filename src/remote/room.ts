import type { Work } from "../std/events.ts";
import type { Client, Route } from "./client.ts";
import { countIn, isShape, shapeIn } from "./shape.ts";

/** Bytes that the account still takes (T33); undefined where the server does not tell. A team shares what it has. */
export async function roomLeft(client: Client, work?: Work): Promise<number | undefined> {
  const route: Route = (sdk, own) => sdk.usersGetSpaceUsage(own);
  const told = await client.call(route, { what: "Asking for room", endpoint: "other", work });
  const allocation = isShape(told) ? shapeIn(told, "allocation") : undefined;
  if (!isShape(told) || allocation === undefined) return undefined;
  const allocated = countIn(allocation, "allocated");
  const used = countIn(allocation, "used") ?? countIn(told, "used");
  if (allocated === undefined || allocated === 0 || used === undefined) return undefined;
  return Math.max(0, allocated - used);
}
