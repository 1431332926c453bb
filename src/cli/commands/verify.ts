import { verifySnapshots } from "../../app/verify.ts";
import { displayName } from "../../core/path/names.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatSize, plural } from "../format.ts";

const levels = ["0", "1", "2", "3", "4"] as const;

/** `snap verify`: prove what is in the store, and what equals it. */
export const verifyCommand: AnyCommand = defineCommand({
  command: "verify [snapshot]",
  describe: "Prove that snapshots are whole, and what equals them",
  builder: (parser) =>
    parser
      .positional("snapshot", {
        type: "string",
        describe: "Id, prefix, label, latest, latest~1, @time; all if left out",
      })
      .option("level", {
        requiresArg: true,
        choices: levels,
        default: "2" as const,
        describe:
          "0 everything resolves · 1 packs have their hash · 2 every block decodes · 3 and the workspace equals the snapshot · 4 and Dropbox equals it",
      }),
  run: async ({ environment, output, place, work }, words) => {
    const report = await verifySnapshots(
      environment,
      { place, reference: words.snapshot, level: Number(words.level) },
      work,
    );
    for (const damage of report.damaged) {
      output.emit("damaged", damage);
      const paths = damage.paths.map((path) => `\n    needed by ${displayName(path)}`).join("");
      output.print(
        `damaged ${damage.what} ${displayName(damage.name)}: ${displayName(damage.reason)}${paths}`,
      );
    }
    for (const difference of report.different) {
      output.emit("different", difference);
      output.print(
        `${difference.side} differs: ${displayName(difference.path)}: ${displayName(difference.reason)}`,
      );
    }
    const checked = `${plural(report.checked, "thing")} checked, ${formatSize(report.bytes)} read`;
    const sound = report.damaged.length === 0 && report.different.length === 0;
    output.say(sound ? `Sound: ${checked}.` : `Not sound: ${checked}.`);
    const exit = sound ? 0 : 5;
    output.result("verify", exit, {
      level: Number(words.level),
      checked: report.checked,
      bytes: report.bytes,
      damaged: report.damaged.length,
      different: report.different.length,
    });
    return exit;
  },
});
