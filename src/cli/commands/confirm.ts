import { confirmHold } from "../../app/holds.ts";
import { tellSaved } from "../saved-text.ts";
import { defineCommand, type AnyCommand } from "../context.ts";

/** `snap confirm`: let a held set of changes pass. */
export const confirmCommand: AnyCommand = defineCommand({
  command: "confirm <digest>",
  describe: "Let a held set of changes pass with the next sync, exactly that set",
  builder: (parser) =>
    parser
      .positional("digest", {
        type: "string",
        demandOption: true,
        describe: "The 12 digits that `snap sync`, `snap status` and `snap hold list` show",
      })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Record nothing",
      })
      .example("snap hold list && snap confirm 0a1b2c3d4e5f", "look first, then let it pass")
      .epilogue(
        "What the set removes or replaces is saved as a snapshot first, which stays for 30 days; of files in Dropbox their revisions. Exit code 3 when that fails, and when no set has this digest: it changed since, and the message names the present ones. A held repository is never released this way.",
      ),
  run: async ({ environment, output, place, work }, words) => {
    const { digest, dryRun } = words;
    const set = await confirmHold(environment, { place, digest, dryRun }, work);
    tellSaved(output, set.saved);
    output.say(
      dryRun
        ? `Would let pass: snap sync ${set.does}. Nothing was recorded.`
        : `Confirmed: the next \`snap sync\` ${set.does}.`,
    );
    output.result("confirm", 0, {
      digest: set.digest,
      kind: set.kind,
      count: set.items.length,
      saved: set.saved.map(({ id }) => id),
      dryRun,
    });
    return 0;
  },
});
