import { rollBack, showRollback } from "../../app/rollback.ts";
import { displayName } from "../../core/path/names.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { concludeRestore, consentOf, showEvent } from "../restore-events.ts";
import { planWords } from "./restore.ts";

/** `snap rollback`: a disk that somebody else rolled back. */
export const rollbackCommand: AnyCommand = defineCommand({
  command: "rollback <choice>",
  describe: "After the platform rolled the disk back: say which side you want",
  builder: (parser) =>
    planWords(parser)
      .positional("choice", {
        choices: ["show", "keep", "discard"] as const,
        demandOption: true,
        describe:
          "show what happened · keep the disk as it is now · discard it and take the cloud's state",
      })
      .epilogue(
        "With `keep`, the cloud is brought to what the disk shows; with `discard`, the disk is brought to what the cloud shows. What either choice takes away is saved as a snapshot first.",
      ),
  run: async (context, words) => {
    const { environment, output, place, work } = context;
    if (words.choice === "show") {
      const found = await showRollback(environment, place, work);
      if (found === undefined) {
        output.print("Nothing was rolled back.");
        output.result("rollback", 0, { rolledBack: false });
        return 0;
      }
      output.print(displayName(found.message));
      output.say("Two ways on:");
      output.say("  snap rollback keep      the disk is what you want: the cloud follows it");
      output.say(
        "  snap rollback discard   the cloud is what you want: the disk is saved, then brought up to date",
      );
      output.result("rollback", 3, {
        rolledBack: true,
        found: found.found,
        message: found.message,
      });
      return 3;
    }
    const request = {
      place,
      choice: words.choice,
      consent: consentOf(context, words),
      dryRun: words.dryRun,
      onEvent: showEvent.bind(undefined, output),
    };
    const outcome = await rollBack(environment, request, work);
    if (outcome === "nothing") {
      output.say("Nothing was rolled back.");
      output.result("rollback", 0, { choice: words.choice });
      return 0;
    }
    const verb = words.choice === "keep" ? "The disk was kept" : "The cloud was taken";
    return concludeRestore(output, { command: "rollback", verb }, outcome);
  },
});
