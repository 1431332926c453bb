import type { Routes } from "../wire/routes.ts";
import { copyAll, copyBatch, createFolders, deleteBatch, moveAll, moveBatch } from "./batches.ts";
import { bare } from "./deprecated.ts";
import { checkOf } from "./jobs.ts";
import { copyPath, movePath } from "./relocate.ts";
import { restore } from "./restore.ts";
import { finishBatchAsJob } from "./session-batches.ts";
import { appendUnclosed } from "./sessions.ts";
import { createFolder, deleteForever, deletePath } from "./writes.ts";

const path = ["path"];
const bothPaths = ["from_path", "to_path"];

/** What changes the tree, besides uploads: single calls, batches with their checks, and their older forms. */
export const writeRoutes: Routes = {
  "files/create_folder_v2": { user: createFolder, neverRoot: path },
  "files/delete_v2": { user: deletePath, neverRoot: path },
  "files/permanently_delete": { user: deleteForever, neverRoot: path },
  "files/copy_v2": { user: copyPath, neverRoot: bothPaths },
  "files/move_v2": { user: movePath, neverRoot: bothPaths },
  "files/restore": { user: restore, neverRoot: path },

  "files/create_folder_batch": { user: createFolders },
  "files/create_folder_batch/check": { user: checkOf("create_folder_batch") },
  "files/delete_batch": { user: deleteBatch },
  "files/delete_batch/check": { user: checkOf("delete_batch") },
  "files/copy_batch_v2": { user: copyBatch },
  "files/copy_batch/check_v2": { user: checkOf("copy_batch_v2") },
  "files/move_batch_v2": { user: moveBatch },
  "files/move_batch/check_v2": { user: checkOf("move_batch_v2") },

  "files/create_folder": { user: bare(createFolder), neverRoot: path },
  "files/delete": { user: bare(deletePath), neverRoot: path },
  "files/copy": { user: bare(copyPath), neverRoot: bothPaths },
  "files/move": { user: bare(movePath), neverRoot: bothPaths },
  "files/copy_batch": { user: copyAll },
  "files/copy_batch/check": { user: checkOf("copy_batch") },
  "files/move_batch": { user: moveAll },
  "files/move_batch/check": { user: checkOf("move_batch") },
  "files/upload_session/append": { user: appendUnclosed },
  "files/upload_session/finish_batch": { user: finishBatchAsJob },
  "files/upload_session/finish_batch/check": { user: checkOf("upload_session/finish_batch") },
};
