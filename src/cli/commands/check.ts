import { checkWorkspaceAt, fetchDamagedFile, type CheckFinding } from "../../app/check.ts";
import { displayName } from "../../core/path/names.ts";
import type { ExitCode } from "../../std/error.ts";
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
        describe: "Tell only: mark nothing for the next sync",
      })
      .epilogue(
        "Changes that wait for the next sync are told and are no difference. What nothing explains is marked, so that the next sync looks at it again, and the exit code is 5. Nothing is changed on either side.",
      )
      .example("snap check --rehash", "read and compare everything"),
  run: async (context, words) => {
    if (words.fetch !== undefined) return await fetchFile(context, words.fetch);
    return await check(context, { rehash: words.rehash, dryRun: words["dry-run"] });
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
  const { exit, onDisk, onServer, counts } = report;
  const differences = counts.damaged + counts.missed + counts.broken;
  const compared = `${plural(onDisk, "item")} here and ${onServer} in Dropbox compared`;
  output.print(`${verdict(differences, counts["case-rename"], dryRun)} (${compared}).`);
  output.result("check", exit, { dryRun, rehash, onDisk, onServer, differences, counts });
  return exit;
}

function verdict(differences: number, renames: number, dryRun: boolean): string {
  const next = dryRun ? "" : ": `snap sync` looks at them again";
  if (differences > 0) return `${plural(differences, "difference")} that nothing explains${next}`;
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
  const more = hint === undefined ? "" : `\n    ${hint}`;
  const where = path === "" ? `(${side})` : displayName(path);
  output.say(`  ${kindText[kind]}  ${where}: ${displayName(what)}${more}`);
}

async function fetchFile(
  { environment, output, place }: CliContext,
  named: string,
): Promise<ExitCode> {
  const path = await fetchDamagedFile(environment, { place, named });
  output.say(`"${displayName(path)}" is in the trash: \`snap sync\` brings it down again.`);
  output.result("check", 0, { fetch: path });
  return 0;
}
