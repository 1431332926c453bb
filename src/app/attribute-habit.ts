import { isOwn } from "../core/snapshot/root-reference.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import { findAttributeTools } from "./attribute-tools.ts";
import type { OpenWorkspace } from "./open-workspace.ts";

/**
 * Whether a snapshot that nobody asked for by hand takes extended attributes (N38): as the last of the whole workspace did that a person
 * took and that is still there; where there is none, as the last of the schedule. Where the programs have gone since it is taken without
 * them, and the log says so: it protects more than they do.
 */
export async function takesAttributes(
  { environment, record, local }: Pick<OpenWorkspace, "environment" | "record" | "local">,
  store: OpenedStore,
): Promise<boolean> {
  const own = (await store.list({ workspace: record.id })).filter(isOwn);
  const last = own.findLast(({ reason }) => reason === "manual") ?? own.at(-1);
  if (last?.attributes !== true) return false;
  const tools = findAttributeTools(environment, local.top);
  if (typeof tools !== "string") return true;
  environment.logger.error("A snapshot is taken without extended attributes", { reason: tools });
  return false;
}
