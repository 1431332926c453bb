/**
 * @module snap — the program as a library.
 *
 * The functions are the verbs of the command line; they take an environment, return data, print nothing, and throw `SnapError`
 * with a code from its catalogue for everything foreseen.
 *
 * @example
 * const environment = await openEnvironment({ variables: process.env, cwd: process.cwd() });
 * const report = await syncWorkspace(environment, "/home/me/project", {});
 */
export { openEnvironment, type Environment, type EnvironmentOptions } from "./app/environment.ts";
export { accountOf, type Account } from "./app/accounts.ts";
export { beginLogin, loginLocal, logout, type PendingLogin } from "./app/login.ts";
export { captureWorkspace, type CaptureOutcome, type CaptureRequest } from "./app/capture.ts";
export { diffSnapshots, type DiffRequest } from "./app/diff.ts";
export type { PresentChange } from "./app/compare-units.ts";
export {
  listWorkspaces,
  makeLink,
  planLink,
  removeLink,
  type LinkPlan,
  type LinkRequest,
} from "./app/link.ts";
export { entriesOf, findSnapshot, listSnapshots } from "./app/look.ts";
export { previewSync, type PreviewOp, type PreviewWork, type SyncPreview } from "./app/preview.ts";
export {
  abandonRestore,
  listRestores,
  restoreWorkspace,
  undoRestore,
  type RestoreConsent,
  type RestoreEvent,
  type RestoreReport,
  type RestoreWords,
  type UndoWords,
} from "./app/restore.ts";
export { verifyForRestore, type ReadyReport, type ReadyWords } from "./app/ready.ts";
export { rollBack, showRollback, type RollbackWords } from "./app/rollback.ts";
export { readStatus, type Status } from "./app/status.ts";
export { syncWorkspace } from "./app/sync.ts";
export { verifySnapshots, type VerifyReport, type VerifyRequest } from "./app/verify.ts";
export type { SnapshotEntry } from "./core/snapshot/entry.ts";
export type { EntryChange } from "./core/snapshot/diff.ts";
export type { SnapshotRoot } from "./core/snapshot/root.ts";
export type { LeftPath, SyncReport } from "./core/plan/sync-report.ts";
export type { Progress, Work } from "./std/events.ts";
export { SnapError, type ErrorCode, type ExitCode } from "./std/error.ts";
