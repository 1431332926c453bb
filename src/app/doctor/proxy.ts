import { SnapError } from "../../std/error.ts";
import type { Environment } from "../environment.ts";
import { isExcepted, proxyOf } from "../proxy.ts";
import { ok, problem, type Check } from "./check.ts";

/** Where the calls of the API go. */
const host = "api.dropboxapi.com";

/** By which way Dropbox is reached; name and password of a proxy are never told (X15). */
export function checkProxy({ variables }: Pick<Environment, "variables">): Check {
  try {
    const proxy = proxyOf(variables);
    if (proxy === undefined) return ok("proxy", "Dropbox is reached without a proxy");
    if (isExcepted(proxy, host))
      return ok("proxy", `Dropbox is reached without the proxy of ${proxy.variable} (NO_PROXY)`);
    return ok("proxy", `Dropbox is reached through the proxy ${proxy.shown} (${proxy.variable})`);
  } catch (error) {
    if (error instanceof SnapError) return problem("proxy", error);
    throw error;
  }
}
