import { ignoreFileName, rulesOf } from "../core/ignore.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { ContentSource, WantedFile } from "../core/snapshot/restore-wanted.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { bytesOf, unreadableContent } from "./sources.ts";

/** Rule files are small; a larger one is none that was ever in force (X24). */
export const rulesBytesMax: number = 5_000 * 1_025 * 3;

/**
 * Check that the rules which a restore brings can be in force: with others nothing could be synced, captured or taken
 * back any more (X24).
 *
 * @throws {SnapError} `refused`, naming the line; nothing was changed
 */
export async function checkRules(
  deps: RestoreDeps,
  given: {
    readonly items: readonly PlanItem[];
    readonly chosen: ReadonlyMap<string, ContentSource>;
  },
  work: Work,
): Promise<void> {
  const item = given.items.find(({ path }) => path === ignoreFileName);
  const want = item?.want;
  if (item === undefined || want === undefined || item.local.action === "keep") return;
  if (want.kind !== "file") throw refusedRules(`it is a ${want.kind} in what is restored`);
  if (want.mode !== undefined && (want.mode & 0o400) === 0) {
    throw refusedRules("its permissions forbid to read it");
  }
  if (want.size > rulesBytesMax) throw refusedRules("it is too large");
  const source = given.chosen.get(item.path);
  if (source !== undefined) await checkText(deps, { want, source }, work);
}

async function checkText(
  deps: RestoreDeps,
  { want, source }: { readonly want: WantedFile; readonly source: ContentSource },
  work: Work,
): Promise<void> {
  try {
    rulesOf(await textOf(bytesOf(deps, source, work), want.size));
  } catch (error) {
    if (isSnapError(error, "settings-invalid")) throw refusedRules(error.message, error);
    throw unreadableContent(error, ignoreFileName);
  }
}

/** As the rules in force are read: what is no UTF-8 is replaced. No more is read than there should be. */
export async function textOf(bytes: AsyncIterable<Uint8Array>, size: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let left = size;
  for await (const chunk of bytes) {
    text += decoder.decode(chunk.subarray(0, left), { stream: true });
    left -= Math.min(left, chunk.length);
    if (left === 0) break;
  }
  return text + decoder.decode();
}

function refusedRules(why: string, cause?: unknown): SnapError {
  return new SnapError(
    "refused",
    `Nothing was changed: the restored "${ignoreFileName}" could not be in force: ${why}`,
    {
      path: ignoreFileName,
      cause,
      hint: "With it nothing could be synced any more. Restore other paths only, by their names.",
    },
  );
}
