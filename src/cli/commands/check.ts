import { checkWorkspaceAt, fetchDamagedFile, type CheckFinding } from "../../app/check.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { plural } from "../format.ts";
import type { Output } from "../output.ts";

/** Findings of one kind that people are shown; programs get all. */
const shownMax = 50;

/** `snap check`: compare disk, server and index. */
export const checkCommand: AnyCommand = defineCommand({
  command: "check",
  describe: "Compare disk, Dropbox and what snap knows of them",
  builder: (parser) =>
    parser
      .option("rehash", {
        type: "boolean",
        default: false,
        describe: "Read every file, too: finds bytes that rotted on the disk",
      })
      .option("fetch", {
        type: "string",
        requiresArg: true,
        describe: "Put this damaged file into the trash; the next sync brings it down again",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Tell only: mark and move nothing",
      })
      .epilogue(
        "Changes that wait for the next sync are told and are no difference. What nothing explains is marked, so that the next sync looks at it again, and the exit code is 5. It is 3 where the workspace was rolled back: then nothing is synced before you have chosen. Nothing is changed on either side.",
      )
      .example("snap check --rehash", "read and compare everything"),
  run: async (context, words) => {
    const { fetch, rehash, "dry-run": dryRun } = words;
    if (fetch === undefined) return await check(context, { rehash, dryRun });
    if (rehash) throw notBoth();
    return await fetchFile(context, { named: fetch, dryRun });
  },
});

async function check(
  { environment, output, place, work }: CliContext,
  { rehash, dryRun }: { readonly rehash: boolean; readonly dryRun: boolean },
): Promise<ExitCode> {
  const shown = new Map<CheckFinding["kind"], number>();
  const onFinding = (finding: CheckFinding): void => {
    const count = (shown.get(finding.kind) ?? 0) + 1;
    shown.set(finding.kind, count);
    showFinding(output, finding, count <= shownMax);
  };
  const report = await checkWorkspaceAt(environment, { place, rehash, dryRun, onFinding }, work);
  for (const [kind, count] of shown) {
    if (count > shownMax) output.say(`  ${kindText[kind]}  … and ${count - shownMax} more`);
  }
  const { exit, isRolledBack, onDisk, onServer, counts } = report;
  const differences = counts.damaged + counts.missed + counts.broken;
  const compared = `${plural(onDisk, "item")} here and ${onServer} in Dropbox compared`;
  const renames = counts["case-rename"];
  output.print(`${verdict({ differences, renames, isRolledBack, dryRun })} (${compared}).`);
  const told = { dryRun, rehash, isRolledBack, onDisk, onServer, differences, counts };
  output.result("check", exit, told);
  return exit;
}

type Verdict = {
  readonly differences: number;
  /** Changes of case. */
  readonly renames: number;
  readonly isRolledBack: boolean;
  readonly dryRun: boolean;
};

function verdict({ differences, renames, isRolledBack, dryRun }: Verdict): string {
  const next = dryRun || isRolledBack ? "" : ": `snap sync` looks at them again";
  if (differences > 0) return `${plural(differences, "difference")} that nothing explains${next}`;
  if (isRolledBack) return "Held: `snap rollback show` tells what happened";
  return renames > 0 ? `Sound${next.replace("them", "what changed its case")}` : "Sound";
}

const kindText: Readonly<Record<CheckFinding["kind"], string>> = {
  damaged: "damaged   ",
  missed: "missed    ",
  broken: "broken    ",
  "case-rename": "case      ",
  pending: "not synced",
  held: "held      ",
  parked: "failed    ",
  unknown: "unknown   ",
};

function showFinding(output: Output, finding: CheckFinding, isShown: boolean): void {
  const { kind, side, path, what, hint } = finding;
  output.emit("finding", { kind, side, path, what, hint });
  if (!isShown) return;
  const more = hint === undefined ? "" : `\n    ${displayName(hint)}`;
  const where = path === "" ? `(${side})` : displayName(path);
  output.say(`  ${kindText[kind]}  ${where}: ${displayName(what)}${more}`);
}

async function fetchFile(
  { environment, output, place }: CliContext,
  { named, dryRun }: { readonly named: string; readonly dryRun: boolean },
): Promise<ExitCode> {
  const path = await fetchDamagedFile(environment, { place, named, dryRun });
  output.say(
    dryRun
      ? `"${displayName(path)}" would go into the trash. Nothing was changed.`
      : `"${displayName(path)}" is in the trash: \`snap sync\` brings it down again.`,
  );
  output.result("check", 0, { fetch: path, dryRun });
  return 0;
}

function notBoth(): SnapError {
  return new SnapError("usage", "--fetch and --rehash do not go together", {
    hint: "First find the damaged files with `snap check --rehash`, then fetch them one by one.",
  });
}
