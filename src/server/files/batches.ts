import type { Argument } from "../wire/argument.ts";
import { writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, nested, tag, wrapWrite } from "../wire/failure.ts";
import type { Tagged } from "../wire/failure.ts";
import { foldersAtOnceMax } from "../limits.ts";
import { folderMetadata, metadata } from "../tree/node.ts";
import { keyOf, targetNames } from "../tree/place.ts";
import type { Names } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";
import { attempt, complete, failedJob, launched, runBatch } from "./run-batch.ts";
import type { Batch } from "./run-batch.ts";
import { addJob } from "./jobs.ts";
import type { JobFamily } from "./jobs.ts";
import { copyNode, moveNode, relocationErrors, relocatorOf } from "./relocate.ts";
import type { Relocate, Relocation } from "./relocate.ts";
import { deleteErrors, deleteNode, folderErrors, makeFolder } from "./writes.ts";

/** `files/delete_batch`: always a job (Choice 23). */
export async function deleteBatch(call: Call): Promise<Tagged> {
  const batch: Batch<Argument> = {
    family: "delete_batch",
    entries: call.argument.list("entries"),
    begin: (tree) => (entry) => {
      const node = attempt(deleteErrors, () => deleteNode(call, tree, entry));
      return node instanceof EndpointFailure
        ? nested("failure", node.error)
        : { ".tag": "success", metadata: metadata(node, call.view) };
    },
    refused: ({ error }) => nested("failure", nested("path_write", error)),
  };
  return launched(await runBatch(call, batch));
}

/** `files/copy_batch_v2`: always a job (Choice 23). */
export function copyBatch(call: Call): Promise<Tagged> {
  return relocateBatch(call, "copy_batch_v2", copyNode);
}

/** `files/move_batch_v2`: always a job (Choice 23). */
export function moveBatch(call: Call): Promise<Tagged> {
  return relocateBatch(call, "move_batch_v2", moveNode);
}

async function relocateBatch(call: Call, family: JobFamily, relocate: Relocate): Promise<Tagged> {
  const batch: Batch<Relocation> = {
    family,
    entries: relocationsOf(call),
    begin: (tree) => {
      const relocator = relocatorOf(call, tree);
      return (relocation) => {
        const node = attempt(relocationErrors, () => relocate(relocator, relocation));
        return node instanceof EndpointFailure
          ? relocationFailure(node.error)
          : nested("success", metadata(node, call.view));
      };
    },
    refused: ({ error }) => relocationFailure(nested("to", error)),
  };
  return launched(await runBatch(call, batch));
}

function relocationFailure(error: Tagged): Tagged {
  return nested("failure", nested("relocation_error", error));
}

function relocationsOf({ argument }: Call): readonly Relocation[] {
  const autorename = argument.flag("autorename");
  return argument.list("entries").map((entry) => ({
    from: entry.text("from_path"),
    to: entry.text("to_path"),
    autorename,
  }));
}

/** `files/copy_batch`, the older one, which fails as a whole (fact sheet 4.5). */
export function copyAll(call: Call): Promise<Tagged> {
  return relocateAll(call, "copy_batch", copyNode);
}

/** `files/move_batch`, the older one. */
export function moveAll(call: Call): Promise<Tagged> {
  return relocateAll(call, "move_batch", moveNode);
}

async function relocateAll(call: Call, family: JobFamily, relocate: Relocate): Promise<Tagged> {
  const relocations = relocationsOf(call);
  const relocateEach = (tree: Tree): Tagged => {
    const relocator = relocatorOf(call, tree);
    return complete(
      relocations.map((relocation) => ({
        metadata: metadata(relocate(relocator, relocation), call.view),
      })),
    );
  };
  try {
    const job = await wrapWrite(relocationErrors, () =>
      writeTree(call, (tree) => addJob(call, family, relocateEach(tree))),
    );
    return nested("async_job_id", job);
  } catch (error) {
    if (!(error instanceof EndpointFailure)) throw error;
    return await failedJob(call, family, error);
  }
}

/** `files/create_folder_batch`: a few are answered at once, more become a job (Choice 23). */
export async function createFolders(call: Call): Promise<Tagged> {
  const { argument } = call;
  const entries = argument.texts("paths");
  const asJob = argument.flag("force_async") || entries.length > foldersAtOnceMax;
  const batch: Batch<string> = {
    family: asJob ? family : undefined,
    entries,
    begin: (tree) => folderMaker(call, tree),
    refused: ({ error }) => nested("failure", nested("path", error)),
  };
  try {
    return launched(await runBatch(call, batch));
  } catch (error) {
    if (!(error instanceof EndpointFailure)) throw error;
    return await failedJob(call, family, error);
  }
}

const family: JobFamily = "create_folder_batch";

/** Makes one folder after the other; a path that comes again has the same result again. */
function folderMaker(call: Call, tree: Tree): (path: string) => Tagged {
  const autorename = call.argument.flag("autorename");
  const { operationNodesMax } = call.services.limits;
  const results = new Map<string, Tagged>();
  const linesBefore = tree.journal.head();
  return (path) => {
    const names = attempt(folderErrors, () => targetNames(tree, path));
    if (names instanceof EndpointFailure) return nested("failure", names.error);
    const key = keyOf(names);
    const result = results.get(key) ?? folderResult(call, { tree, names, autorename });
    results.set(key, result);
    // Each folder is a line, parents are folders too; too many of them end the batch, and nothing of it stays.
    const made = tree.journal.head() - linesBefore;
    if (made > operationNodesMax) throw new EndpointFailure(tag("too_many_files"));
    return result;
  };
}

function folderResult(
  call: Call,
  request: { readonly tree: Tree; readonly names: Names; readonly autorename: boolean },
): Tagged {
  const { tree, names, autorename } = request;
  const folder = attempt(folderErrors, () => makeFolder(tree, names, autorename));
  return folder instanceof EndpointFailure
    ? nested("failure", folder.error)
    : { ".tag": "success", metadata: folderMetadata(folder, call.view) };
}
