import type { Argv } from "yargs";
import {
  listOverrides,
  overrideLine,
  planOverride,
  recordOverride,
  revokeOverride,
  type OverridePlan,
} from "../../app/guard-overrides.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import type { CliContext } from "../context.ts";
import { formatTime, plural } from "../format.ts";

/** What a person wants to be done with overrides (G44). */
export type OverrideWords = {
  readonly folder: string | undefined;
  readonly reason: string | undefined;
  readonly trust: boolean;
  readonly list: boolean;
  readonly revoke: string | undefined;
  readonly dryRun: boolean;
};

type OverrideOptions = Pick<OverrideWords, "reason" | "trust" | "list" | "revoke"> & {
  readonly "dry-run": boolean;
};

/** What only `snap guard override` takes. */
export function withOverrideOptions(parser: Argv): Argv<OverrideOptions> {
  return parser
    .option("reason", {
      type: "string",
      requiresArg: true,
      describe: "override: why, in ten characters or more",
    })
    .option("trust", {
      type: "boolean",
      default: false,
      describe: "override: sync its hooks and its configuration, too, which are code",
    })
    .option("list", {
      type: "boolean",
      default: false,
      describe: "override: show those that were recorded, and whether each still holds",
    })
    .option("revoke", {
      type: "string",
      requiresArg: true,
      describe: "override: take the one for this repository back",
    })
    .option("dry-run", {
      alias: "n",
      type: "boolean",
      default: false,
      describe: "override: record nothing · rescue: write nothing",
    });
}

/** `snap guard override`: take a risk, show those that were taken, take one back. */
export async function overrideCommand(
  context: CliContext,
  words: OverrideWords,
): Promise<ExitCode> {
  const { list, revoke, reason, folder } = words;
  const acts = [list, revoke !== undefined, reason !== undefined].filter(Boolean).length;
  if (acts > 1 || (acts === 1 && reason === undefined && folder !== undefined)) {
    throw new SnapError("usage", "--reason, --list and --revoke go alone", {
      hint: "snap guard override FOLDER --reason TEXT · --list · --revoke FOLDER",
    });
  }
  if (list) return await listAll(context);
  if (revoke !== undefined) return await takeBack(context, revoke, words.dryRun);
  if (reason === undefined) {
    throw new SnapError("usage", "An override needs a reason", {
      hint: `For example: snap guard override ${displayName(folder ?? "FOLDER")} --reason "one device only, pushed daily"`,
    });
  }
  return await take(context, { ...words, folder: folder ?? context.place, reason });
}

async function listAll({ environment, output }: CliContext): Promise<ExitCode> {
  const listed = await listOverrides(environment);
  for (const { record, state } of listed) output.emit("override", { ...fieldsOf(record), state });
  output.print(
    listed.length === 0
      ? "No override was recorded."
      : listed
          .map(({ record, state }) =>
            [
              overrideLine(record, state),
              `  ${displayName(record.who)} on ${displayName(record.host)}, until ${formatTime(record.expiresAt)}: ${displayName(record.reason)}`,
            ].join("\n"),
          )
          .join("\n"),
  );
  output.result("guard override", 0, { action: "list", count: listed.length });
  return 0;
}

function fieldsOf(
  record: OverridePlan["records"][number],
): Readonly<Record<string, string | number | boolean | null | readonly string[]>> {
  const { repoId = null, unpushed = null, worktrees = [], trust = false, ...rest } = record;
  return { ...rest, trust, repoId, unpushed, worktrees };
}

async function takeBack(
  { environment, output }: CliContext,
  folder: string,
  dryRun: boolean,
): Promise<ExitCode> {
  const records = await revokeOverride(environment, { folder, dryRun });
  const [first] = records;
  output.say(
    dryRun
      ? `Would revoke the override for "${displayName(first?.path ?? folder)}". Nothing was recorded.`
      : `Revoked: "${displayName(first?.path ?? folder)}" is not synced from the next sync on.`,
  );
  output.result("guard override", 0, { action: "revoke", path: first?.path ?? folder, dryRun });
  return 0;
}

type Taking = Pick<OverrideWords, "trust" | "dryRun"> & {
  readonly folder: string;
  readonly reason: string;
};

async function take(
  context: CliContext,
  { folder, reason, trust, dryRun }: Taking,
): Promise<ExitCode> {
  const { environment, output } = context;
  const plan = await planOverride(environment, { folder, reason, trust });
  const [record] = plan.records;
  const unpushed = record?.unpushed ?? null;
  if (unpushed !== null && unpushed > 0) {
    output.say(`${plural(unpushed, "commit")} in it ${unpushed === 1 ? "is" : "are"} not pushed.`);
  }
  if (!dryRun) {
    await agree(context, plan);
    await recordOverride(environment, plan);
  }
  const expiresAt = record?.expiresAt ?? 0;
  output.say(
    dryRun
      ? "Nothing was recorded."
      : `Recorded until ${formatTime(expiresAt)}. A file sync can still damage this repository: push your work, and never use two devices at once.`,
  );
  output.result("guard override", 0, {
    action: "override",
    path: plan.folder,
    expiresAt,
    unpushed,
    dryRun,
  });
  return 0;
}

/** A reason is enough from a script; a person types the name of what is at stake (G44). */
async function agree({ questions }: CliContext, { name, folder }: OverridePlan): Promise<void> {
  if (!questions.isPossible) return;
  const shown = displayName(name === "" ? folder : name);
  const typed = await questions.ask(`Type the name of the repository to go on: ${shown}`);
  if (typed.trim() === shown) return;
  throw new SnapError("refused", "That is not its name; nothing was recorded");
}
