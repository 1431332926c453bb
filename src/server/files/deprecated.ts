import type { Call } from "../wire/call.ts";
import type { Json, JsonObject } from "../wire/failure.ts";

/** A route that answered with the metadata itself before its successor put them into a member. */
export function bare(work: (call: Call) => Promise<JsonObject>): (call: Call) => Promise<Json> {
  return async (call) => {
    const { metadata = null } = await work(call);
    return metadata;
  };
}
