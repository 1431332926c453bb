import { ignoreFileName, noRules, rulesOf, type IgnoreRules } from "../core/ignore.ts";
import { comparePaths, parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { Sight } from "../core/snapshot/restore-picture.ts";
import type { AsidePath, ContentSource, Wanted } from "../core/snapshot/restore-wanted.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { rulesBytesMax, textOf } from "./check-rules.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { bytesOf, chunksOf } from "./sources.ts";

const rulesPath: RelPath = parseRelPath(ignoreFileName);

/**
 * What is ignored now and no longer will be under the rules that a restore brings (T13). The restore itself touches
 * none of it, but the next sync does: that is to be known beforehand. What lies below such a folder is not listed.
 */
export async function unignoredPaths(
  deps: RestoreDeps,
  { wanted, sight }: { readonly wanted: Wanted; readonly sight: Sight },
  work: Work,
): Promise<readonly AsidePath[]> {
  if (!bringsOtherRules(wanted, sight) || sight.outside.size === 0) return [];
  const present = await presentRules(deps);
  const next = await wantedRules(deps, wanted, work);
  if (present === undefined || next === undefined) return [];
  return [...sight.outside]
    .filter(([path, kind]) => present.ignores(path, kind) && !next.ignores(path, kind))
    .map(([path]) => path)
    .toSorted(comparePaths)
    .map((path) => ({ path, side: "both", reason: "ignored until now: the sync takes it up" }));
}

function bringsOtherRules(wanted: Wanted, { local }: Sight): boolean {
  const before = local.items.get(rulesPath);
  if (before === undefined || wanted.frozen.includes(rulesPath)) return false;
  const want = wanted.nodes.get(rulesPath);
  return want === undefined
    ? wanted.isRemoved(rulesPath)
    : want.kind === "file" && want.hash !== before.hash;
}

async function presentRules({ local }: RestoreDeps): Promise<IgnoreRules | undefined> {
  return await rulesIn(async () => {
    await using file = await local.open(rulesPath);
    return await textOf(chunksOf(file), rulesBytesMax);
  });
}

/** Undefined where they cannot be had: the preflight refuses them, and says why. */
async function wantedRules(
  deps: RestoreDeps,
  wanted: Wanted,
  work: Work,
): Promise<IgnoreRules | undefined> {
  const want = wanted.nodes.get(rulesPath);
  if (want?.kind !== "file") return noRules();
  const textFrom = (source: ContentSource) => () => textOf(bytesOf(deps, source, work), want.size);
  for (const source of want.size > rulesBytesMax ? [] : want.sources) {
    const rules = await rulesIn(textFrom(source));
    if (rules !== undefined) return rules;
  }
  return undefined;
}

async function rulesIn(read: () => Promise<string>): Promise<IgnoreRules | undefined> {
  try {
    return rulesOf(await read());
  } catch (error) {
    const code = error instanceof SnapError ? error.code : undefined;
    const isItsOwn = error instanceof SnapError && error.class === "item";
    if (isItsOwn || code === "settings-invalid" || code === "damaged") return undefined;
    throw error;
  }
}
