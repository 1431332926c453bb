import type { CaptureRequest } from "../app/capture.ts";
import { captureRemote } from "../app/capture-remote.ts";
import { displayName } from "../core/path/names.ts";
import type { LeftAside, SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, type ExitCode } from "../std/error.ts";
import type { CliContext } from "./context.ts";
import { formatSize, plural } from "./format.ts";
import { runHydrate } from "./hydrate-text.ts";
import { expiresOf, expiryDay } from "./thin-text.ts";

/** `snap capture --remote`: what Dropbox holds, and with `--hydrate` its content. @throws {SnapError} `usage` */
export async function runRemoteCapture(
  context: CliContext,
  request: CaptureRequest,
  { remote, hydrate }: { readonly remote: string | undefined; readonly hydrate: boolean },
): Promise<ExitCode> {
  if (remote === undefined) throw hydrateAlone();
  refuseLocalWords(request);
  const folder = remote === "" ? undefined : remote;
  const { environment, output, place, work } = context;
  const outcome = await captureRemote(environment, { ...request, folder }, work);
  if (outcome.preview !== undefined) {
    const { files, bytes, left } = outcome.preview;
    tellLeft(output, left);
    output.say(
      `${plural(files, "file")}, ${formatSize(bytes)} in Dropbox would be captured. Nothing was changed.`,
    );
    output.result("capture", 0, { dryRun: true, side: "remote", files, bytes });
    return 0;
  }
  const { root, created } = outcome;
  tellLeft(output, root.left.items);
  output.say(
    created
      ? madeText(root, folder === undefined ? "" : " --all-workspaces")
      : `Nothing changed since snapshot ${root.id.slice(0, 8)}.`,
  );
  const fields = factsOf(root);
  if (!hydrate) {
    output.result("capture", 0, { ...fields, created });
    return 0;
  }
  output.emit("captured", { ...fields, created });
  const words = { reference: root.id, all: true, dryRun: false, wait: undefined };
  return await runHydrate(context, { ...words, place }, "capture");
}

/** `--hydrate` is for what Dropbox holds. */
function hydrateAlone(): SnapError {
  return new SnapError("usage", "--hydrate goes with --remote", {
    hint: "snap capture --remote --hydrate, or `snap hydrate SNAPSHOT` for one that is there.",
  });
}

/** What only means something for the files of this disk. @throws {SnapError} `usage` */
function refuseLocalWords({ paths = [], ignored, xattrs, waitCleanMs }: CaptureRequest): void {
  const words = {
    "--paths": paths.length > 0,
    "--ignored": ignored === true,
    "--xattrs": xattrs === true,
    "--wait-clean": waitCleanMs !== undefined,
  };
  const wrong = Object.entries(words).find(([, isGiven]) => isGiven);
  if (wrong === undefined) return;
  throw new SnapError("usage", `${wrong[0]} does not go with --remote`, {
    hint: "With --remote all that the link syncs is listed, as Dropbox has it now.",
  });
}

function tellLeft(output: CliContext["output"], left: readonly LeftAside[]): void {
  for (const item of left) {
    output.emit("left", item);
    output.say(`  left aside  ${displayName(item.path)}: ${displayName(item.reason)}`);
  }
}

/** @param more words that name it from anywhere */
function madeText(root: SnapshotRoot, more: string): string {
  const { id, counts } = root;
  const facts = `${plural(counts.files, "file")}, ${formatSize(counts.bytes)} in Dropbox`;
  const day = expiryDay(root);
  if (day === undefined) return `Snapshot ${id.slice(0, 8)}: ${facts}, all of it in the store.`;
  return `Snapshot ${id.slice(0, 8)}: ${facts}; it needs Dropbox until ${day}.\nFetch its content with: snap hydrate ${id.slice(0, 8)}${more}`;
}

function factsOf(root: SnapshotRoot) {
  const { id, counts, stored, completeness, cursor } = root;
  const left = root.left.count;
  const expires = expiresOf(root);
  return { side: "remote", id, counts, stored, left, completeness, cursor, expires };
}
