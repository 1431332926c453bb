import { hydrateSnapshot, type HydrateOutcome, type HydrateRequest } from "../app/hydrate.ts";
import { displayName } from "../core/path/names.ts";
import type { ExitCode } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { formatSize, plural } from "./format.ts";

/** Fetch the content of a thin snapshot, and tell how that ended. `command` is the one that was called. */
export async function runHydrate(
  { environment, output, work }: CliContext,
  request: HydrateRequest,
  command: "hydrate" | "capture",
): Promise<ExitCode> {
  const outcome = await hydrateSnapshot(environment, request, work);
  const { thin, root, created, preview, missing } = outcome;
  for (const item of missing) {
    output.emit("missing", item);
    output.say(`  could not be had  ${displayName(item.path)}: ${displayName(item.reason)}`);
  }
  output.say(endText(outcome));
  const exit = preview === undefined && root.completeness !== "full" && isRemote(outcome) ? 4 : 0;
  const { id, completeness, counts, stored } = root;
  output.result(command, exit, {
    dryRun: request.dryRun,
    thin: thin.id,
    id,
    created,
    completeness,
    counts,
    stored,
    missing: missing.length,
    // One download a file.
    ...(preview === undefined ? {} : { fetch: { ...preview, calls: preview.files } }),
  });
  return exit;
}

/** A snapshot of the workspace has nothing that Dropbox could give. */
function isRemote({ root }: HydrateOutcome): boolean {
  return root.side === "remote" || root.completeness === "thin";
}

function endText(outcome: HydrateOutcome): string {
  const { thin, root, created, preview } = outcome;
  if (preview !== undefined) {
    const { files, bytes } = preview;
    return `${plural(files, "file")}, ${formatSize(bytes)}, would be fetched in ${plural(files, "call")}. Nothing was changed.`;
  }
  const name = `Snapshot ${root.id.slice(0, 8)}`;
  if (created) {
    const holds = `${name}: ${plural(root.counts.files, "file")}, ${formatSize(root.counts.bytes)}, ${formatSize(root.stored)} new.`;
    return root.completeness === "full"
      ? `${holds} All of it is in the store; snapshot ${thin.id.slice(0, 8)} is not needed any more.`
      : `${holds} Some of it could not be had; run the command again to try once more.`;
  }
  if (root.completeness === "full") return `${name} has all of its content in the store.`;
  return isRemote(outcome)
    ? `${name} has all that could be had; nothing more came.`
    : `${name} is of the workspace: there is nothing to fetch from Dropbox.`;
}
