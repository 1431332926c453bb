import { isSnapError } from "../std/error.ts";
import type { PutFailure } from "./copy-job.ts";
import type { FrameRun } from "./copy-plan.ts";
import type { JobRunner } from "./copy-runner.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { rangeEvenInTrash } from "./trash.ts";

/** What runs of frames are read and decoded with. */
export type FrameCheckParts = { readonly files: StoreFiles; readonly runner: JobRunner };

/** Read a run of frames and have its puts done; what fails. Frames that the disk does not give are read one by one. */
export async function checkRun<T>(
  parts: FrameCheckParts,
  run: FrameRun<T>,
): Promise<readonly PutFailure[]> {
  const bytes = await rangeEvenInTrash(parts.files, run.pack, run).catch((error: unknown) => {
    if (!isUnreadable(error) && !isSnapError(error, "not-found")) throw error;
    return undefined;
  });
  if (bytes === undefined) return await checkEach(parts, run);
  const frames = run.frames.map(({ frame, puts }) => ({
    at: frame.offset - run.offset,
    length: frame.length,
    rawLength: frame.rawLength,
    puts: puts.map(({ owner: _owner, ...put }) => put),
  }));
  return await parts.runner.run({ bytes, frames });
}

async function checkEach<T>(
  parts: FrameCheckParts,
  { pack, frames }: FrameRun<T>,
): Promise<readonly PutFailure[]> {
  const [only] = frames;
  if (frames.length === 1 && only !== undefined)
    return only.puts.map((_put, put) => ({ frame: 0, put, what: "frame" }));
  const failures: PutFailure[] = [];
  for (const [number, one] of frames.entries()) {
    const { offset, length } = one.frame;
    const found = await checkRun(parts, { pack, offset, length, frames: [one] });
    failures.push(...found.map((failure) => ({ ...failure, frame: number })));
  }
  return failures;
}
