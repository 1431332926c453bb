import { ignoreFileName } from "../../core/ignore.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { parseRelPath, type RelPath } from "../../core/path/rel-path.ts";
import { rootNode } from "../../core/tree/node.ts";
import type { LocalSide } from "../../ports.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { settleMs } from "../disk/second-look.ts";
import { isTroubleWithOne } from "../trouble.ts";

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
 * @throws {SnapError} where it is there and cannot be read: `settings-invalid` for what is no text file of ours, `disk-error`
 * for trouble of the disk, which may not let us in either, `volatile` while it is written to. Nothing is planned meanwhile
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
    throw isTroubleWithOne(error) ? withoutRules(error) : error;
  }
}

async function readStable(local: LocalSide): Promise<string> {
  for (let attempt = 1; attempt <= readAttemptsMax; attempt += 1) {
    await using file = await local.open(rulesPath);
    if (file.stat.size > rulesBytesMax) throw unreadable("it is too large");
    const bytes = await file.read(0, file.stat.size);
    if (await file.unchanged()) return new TextDecoder().decode(bytes);
  }
  throw new SnapError("volatile", "it is being written to");
}

/** What elsewhere is trouble with one file is trouble with all of them here (S83). */
function withoutRules(cause: SnapError): SnapError {
  const { message, hint } = cause;
  if (cause.code === "conflict") return unreadable(message, { cause });
  if (cause.code === "volatile") {
    return unreadable(message, { code: "volatile", cause, hint: "Run snap sync again." });
  }
  return unreadable(message, { code: "disk-error", cause, ...(hint !== undefined && { hint }) });
}

type Trouble = {
  readonly code?: "settings-invalid" | "disk-error" | "volatile";
  readonly hint?: string;
  readonly cause?: unknown;
};

const makeReadable = "Make it a readable text file, or remove it.";

function unreadable(why: string, trouble: Trouble = {}): SnapError {
  const { code = "settings-invalid", hint = makeReadable, cause } = trouble;
  return new SnapError(code, `The rules in "${ignoreFileName}" cannot be read: ${why}`, {
    path: ignoreFileName,
    hint: `${hint} Nothing is synced until then.`,
    cause,
  });
}
