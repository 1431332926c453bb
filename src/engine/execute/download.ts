import type {
  ActOutcome,
  PlaceAct,
  StageExpectation,
  StageRequest,
} from "../../core/plan/local-act.ts";
import type { PutOp } from "../../core/plan/op.ts";
import { parseRelPath } from "../../core/path/rel-path.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import type { RemoteEntry } from "../../core/tree/node.ts";
import { isSnapError } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { commitAct } from "./commit-act.ts";
import {
  cancelled,
  copyTag,
  freePlace,
  newOpId,
  trashArea,
  type Execution,
  type OpResult,
} from "./execution.ts";
import { noteDisplaced } from "./late-writers.ts";
import { downloadAttemptsMax } from "../limits.ts";
import { begunBytes, partialPlace } from "./partial.ts";
import { performCommitted, type CommittedAct } from "./local-act-run.ts";
import { lookAt } from "./local-look.ts";
import { proveContent } from "./prove-content.ts";

type Landing = Pick<PlaceAct, "path" | "before"> & { readonly replaced: LocalStat | undefined };

/** S64: the bytes of one revision are staged and checked whole before anything on the disk gives way. */
export async function downloadFile(execution: Execution, op: PutOp): Promise<OpResult> {
  const staged = await stageDownload(execution, op);
  if ("state" in staged) return staged;
  return await endDownload(execution, staged, await performCommitted(execution, staged));
}

/** A revision that is on the disk and not in its place yet. */
export type StagedDownload = CommittedAct & { readonly op: PutOp; readonly row: RemoteEntry };

/**
 * The bytes of one revision, checked whole, and the act that puts them in their place; or why there is none.
 *
 * @param bytes all of them, where they came with others
 */
export async function stageDownload(
  execution: Execution,
  op: PutOp,
  bytes?: Uint8Array,
): Promise<StagedDownload | OpResult> {
  const { deps } = execution;
  const row = deps.index.remote.get(op.node);
  if (row?.kind !== "file" || row.hash !== op.after.hash)
    return cancelled("it changed on the server");
  const landing = await findLanding(execution, op);
  if (landing === undefined) return cancelled("its place is not free, or it changed on the disk");
  const partial = bytes === undefined ? partialPlace(row) : undefined;
  const source = partial ?? { area: execution.staging, path: parseRelPath(newOpId(deps.rng)) };
  const staged = { source, replaced: landing.replaced, bytes };
  await (partial === undefined ? stage : stageOnward)(execution, row, staged);
  const act: PlaceAct = {
    act: "place",
    source,
    path: landing.path,
    before: landing.before,
    displaceTo: trashArea(deps),
    copy: copyTag(deps),
  };
  const commit = (outcome: ActOutcome): void => {
    noteDisplaced(deps, op, outcome);
    commitAct(deps.index, op, outcome);
  };
  return { op, act, commit, row };
}

/** Clear up behind a download that is in its place, and count it. */
export async function endDownload(
  execution: Execution,
  { row }: StagedDownload,
  result: OpResult,
): Promise<OpResult> {
  if (result.state !== "done") return result;
  const { deps, tally } = execution;
  const partial = partialPlace(row);
  if (partial !== undefined) await deps.local.removeArea(partial.area);
  tally.count("downloaded");
  tally.count("bytesDown", row.size);
  if (partial !== undefined) await proveContent(execution, row.node);
  return result;
}

async function findLanding(execution: Execution, op: PutOp): Promise<Landing | undefined> {
  const { index, local } = execution.deps;
  if (op.before === undefined) {
    if (index.local.get(op.node) !== undefined) return undefined;
    const path = freePlace(index, "local", op);
    if (path === undefined || (await local.stat(path)) !== undefined) return undefined;
    return { path, before: undefined, replaced: undefined };
  }
  const found = await lookAt(execution, op);
  if (found?.row.kind !== "file") return undefined;
  return { path: found.path, before: found.before, replaced: found.stat };
}

type Staged = {
  readonly source: PlaceAct["source"];
  readonly replaced: LocalStat | undefined;
  readonly bytes: Uint8Array | undefined;
};

/** Wrong bytes or a wrong length discard the whole file, and it is fetched again (S66). */
async function stage(
  { deps, work, room }: Execution,
  row: RemoteEntry,
  { source, replaced, bytes: whole }: Staged,
): Promise<void> {
  const request = stageRequest(row, { source, replaced });
  const expect = expectationOf(row);
  using claim = await room.claim(deps.local, row);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { rev, size } = row;
      const bytes = claim.through(
        whole === undefined
          ? counted(deps.remote.download(rev, 0, { ...work, size }), work)
          : inOnePiece(whole),
      );
      await deps.local.stage({ ...request, content: { bytes, expect } }, work);
      return;
    } catch (error) {
      if (!isSnapError(error, "content-wrong") || attempt === downloadAttemptsMax) throw error;
    }
  }
}

/** What has come stays where the download breaks off, and is gone on with, also by a later run (S66). */
async function stageOnward(
  { deps, work, room }: Execution,
  row: RemoteEntry,
  { source, replaced }: Staged,
): Promise<void> {
  const { rev, size, name } = row;
  const request = stageRequest(row, { source, replaced });
  for (let attempt = 1; ; attempt += 1) {
    const begun = await begunBytes(deps.local, source);
    using claim = await room.claim(deps.local, { name, size: Math.max(0, size - begun) });
    const bytesFrom = (offset: number): AsyncIterable<Uint8Array> => {
      work.onBytes?.(offset);
      return claim.through(counted(deps.remote.download(rev, offset, { ...work, size }), work));
    };
    try {
      await deps.local.stage(
        { ...request, content: { bytesFrom, expect: expectationOf(row) } },
        work,
      );
      return;
    } catch (error) {
      if (!isSnapError(error, "content-wrong") || attempt === downloadAttemptsMax) throw error;
    }
  }
}

function stageRequest(
  { modified }: RemoteEntry,
  { source, replaced }: Pick<Staged, "source" | "replaced">,
): Omit<StageRequest, "content"> {
  return {
    to: source,
    modifiedNs: String(BigInt(modified) * 1_000_000n),
    ...(replaced !== undefined && { mode: replaced.mode & 0o777 }),
  };
}

function expectationOf({ hash, size }: RemoteEntry): StageExpectation {
  return { hash: hash ?? "", size };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  { onBytes }: Work,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}
