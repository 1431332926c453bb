import type { LocalStat } from "../../core/tree/local-stat.ts";
import type { RemoteItem, UploadRequest } from "../../core/tree/remote-item.ts";
import type { PutOp } from "../../core/plan/op.ts";
import type { UploadRow } from "../../core/tree/index-rows.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { LocalEntry } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { LocalFile } from "../../ports.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import { commitRemote, remoteRow } from "./commit.ts";
import {
  cancelled,
  done,
  freePlace,
  isAsSeen,
  type Execution,
  type OpResult,
} from "./execution.ts";
import { sessionDays } from "../limits.ts";
import { commitOp } from "./op-log.ts";
import { cancelledByConflict, changedThere, isOfAnother } from "./remote-look.ts";

const changedHere = "it changed on the disk";

type Berth = {
  readonly path: RelPath;
  readonly parent: number;
  readonly replaces: string | undefined;
};

/** A file that may go up, by what the trees say: where it is, and where it goes. */
export type Upload = {
  readonly op: PutOp;
  readonly row: LocalEntry;
  readonly from: RelPath;
  readonly berth: Berth;
};

/** S57: what was hashed goes up, over the revision that was seen or to a free place, and nothing else is overwritten. */
export async function uploadFile(execution: Execution, op: PutOp): Promise<OpResult> {
  const upload = uploadOf(execution, op);
  if ("state" in upload) return upload;
  try {
    await using file = await execution.deps.local.open(upload.from);
    if (!isAsSeen(upload.row, file.stat)) return cancelled(changedHere);
    return await send(execution, upload, file);
  } catch (error) {
    return await endUpload(execution, upload, error);
  }
}

/** What is to go up, or why the trees say that it is not. */
export function uploadOf(execution: Execution, op: PutOp): Upload | OpResult {
  const { index } = execution.deps;
  const row = index.local.get(op.node);
  const from = pathOf(index.local, op.node);
  if (row?.kind !== "file" || from === undefined) return cancelled(changedHere);
  if (row.hash !== op.after.hash || row.absentAt !== undefined) return cancelled(changedHere);
  const berth = findBerth(execution, op);
  if (berth === undefined) return cancelled("its place is not free, or it changed on the server");
  return { op, row, from, berth };
}

/** What stopped an upload: something changed on one of the sides, or it is an error. @throws what it was */
export async function endUpload(
  execution: Execution,
  { berth }: Upload,
  error: unknown,
): Promise<OpResult> {
  if (isSnapError(error, "volatile", "not-found")) return cancelled(changedHere);
  if (!isSnapError(error, "conflict")) throw error;
  return await cancelledByConflict(execution, [berth.path], error);
}

function findBerth({ deps: { index } }: Execution, op: PutOp): Berth | undefined {
  const there = index.remote.get(op.node);
  if (op.before === undefined) {
    const path = freePlace(index, "remote", op);
    if (there !== undefined || path === undefined) return undefined;
    return { path, parent: op.parent, replaces: undefined };
  }
  const path = pathOf(index.remote, op.node);
  if (there === undefined || path === undefined || there.hash !== op.before.hash) return undefined;
  return { path, parent: there.parent, replaces: there.rev };
}

async function send(execution: Execution, upload: Upload, file: LocalFile): Promise<OpResult> {
  const { deps, work } = execution;
  const { row, berth } = upload;
  const item = await deps.remote.upload(
    {
      path: berth.path,
      replaces: berth.replaces,
      size: row.size,
      hash: row.hash ?? "",
      modified: timeOf(file.stat),
      read: (offset, lengthMax, into) => file.read(offset, lengthMax, into),
      hashOf: (stretch, each) => file.hashOf(stretch, each),
      unchanged: async () => (await file.unchanged()) && (await execution.mayGoUp(row.node)),
      ...sessionOf(deps, row),
    },
    work,
  );
  return await commitSent(execution, upload, item);
}

/** Its time as the server takes it, ms since 1970. */
export function timeOf({ modifiedNs }: LocalStat): number {
  return Number(BigInt(modifiedNs) / 1_000_000n);
}

/** What the server holds now is what was sent: remember it. @throws {SnapError} `content-wrong` */
export async function commitUpload(
  execution: Execution,
  { op, row, berth }: Upload,
  item: RemoteItem,
): Promise<OpResult> {
  const { deps, tally } = execution;
  const { index } = deps;
  if (item.hash !== row.hash) throw wrongContent(berth.path);
  if (isOfAnother(index, op.node, item.remoteId)) return cancelled(changedThere);
  await commitOp(execution, op, () => {
    index.removeUpload(op.node);
    commitRemote(index, remoteRow(op.node, berth.parent, item), op.after);
  });
  tally.count("uploaded");
  return done;
}

/** As `commitUpload`, of bytes that went up for it. */
export async function commitSent(
  execution: Execution,
  upload: Upload,
  item: RemoteItem,
): Promise<OpResult> {
  const result = await commitUpload(execution, upload, item);
  if (result.state === "done") execution.tally.count("bytesUp", upload.row.size);
  return result;
}

/** Whether the file is what the trees say, as far as a look tells. */
export async function isUnchanged(
  { deps: { local } }: Execution,
  { row, from }: Upload,
): Promise<boolean> {
  try {
    return isAsSeen(row, await local.stat(from));
  } catch (error) {
    if (isSnapError(error)) return false;
    throw error;
  }
}

/** A session of an earlier run goes on while the file is the same and the server still has it; what it has is noted (S57). */
function sessionOf(
  deps: Execution["deps"],
  row: LocalEntry,
): Pick<UploadRequest, "resume" | "onSession"> {
  const resume = sessionToResume(deps, row);
  const { index, clock } = deps;
  const { node, stamp } = row;
  const now = clock.now();
  return {
    resume,
    onSession: (session) => {
      const startedAt = session.session === resume?.session ? resume.startedAt : now;
      index.briefTransaction(() => index.putUpload({ ...session, node, stamp, startedAt }));
    },
  };
}

/** The session in which an earlier run sent this file as it is now (S57). */
export function sessionToResume(
  { index, clock }: Execution["deps"],
  { node, stamp }: LocalEntry,
): UploadRow | undefined {
  const known = index.upload(node);
  if (known?.stamp !== stamp) return undefined;
  return clock.now() - known.startedAt < sessionDays * 24 * 3_600_000 ? known : undefined;
}

function wrongContent(path: RelPath): SnapError {
  return new SnapError(
    "content-wrong",
    `The server holds other content than was sent for "${path}"`,
    {
      path,
      hint: "It is sent again by the next sync.",
    },
  );
}
