import { ignoreFileName } from "../../core/ignore.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { parseRelPath, type RelPath } from "../../core/path/rel-path.ts";
import { rootNode } from "../../core/tree/node.ts";
import type { LocalSide } from "../../ports.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { settleMs } from "../disk/second-look.ts";

/** 5 000 lines of 1 024 characters, the bounds of X24, in their longest encoding. */
const rulesBytesMax = 5_000 * 1_025 * 3;

/** Attempts to read the rules while something writes to them. */
const readAttemptsMax = 3;

/** What reading the rules takes. */
export type RulesDeps = Pick<EngineDeps, "local" | "index" | "clock">;

const rulesPath: RelPath = parseRelPath(ignoreFileName);

/**
 * The text of `.mignore` at the top of the workspace, "" where there is none (S90).
 *
 * @throws {SnapError} `settings-invalid` when it is there and cannot be read
 */
export async function readRules({ local, index, clock }: RulesDeps): Promise<string> {
  const text = await tryReadRules(local);
  if (text !== undefined) return text;
  const known = index.local.childByKey(rootNode, pathKeyOf(ignoreFileName));
  if (known === undefined) return "";
  // An editor that saves by renaming leaves a moment without the file: in it, all that is private would be uploaded.
  await clock.sleep(settleMs);
  return (await tryReadRules(local)) ?? "";
}

async function tryReadRules(local: LocalSide): Promise<string | undefined> {
  try {
    const stat = await local.stat(rulesPath);
    if (stat === undefined) return undefined;
    if (stat.kind !== "file") throw unreadable("it is no regular file");
    return await readStable(local);
  } catch (error) {
    if (isSnapError(error, "not-found")) return undefined;
    if (isSnapError(error, "permission-denied", "disk-error", "volatile")) {
      throw unreadable(error.message, error);
    }
    throw error;
  }
}

async function readStable(local: LocalSide): Promise<string> {
  for (let attempt = 1; attempt <= readAttemptsMax; attempt += 1) {
    await using file = await local.open(rulesPath);
    if (file.stat.size > rulesBytesMax) throw unreadable("it is too large");
    const bytes = await file.read(0, file.stat.size);
    if (await file.unchanged()) return new TextDecoder().decode(bytes);
  }
  throw unreadable("it is being written to");
}

function unreadable(why: string, cause?: unknown): SnapError {
  return new SnapError(
    "settings-invalid",
    `The rules in "${ignoreFileName}" cannot be read: ${why}`,
    {
      path: ignoreFileName,
      hint: "Make it a readable text file, or remove it. Nothing is synced until then.",
      cause,
    },
  );
}
