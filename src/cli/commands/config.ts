import { getSetting, listSettings, setSetting, type SettingLine } from "../../app/config.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { table } from "../format.ts";
import type { Json } from "../../std/json.ts";

/** `snap config`: what can be set. */
export const configCommand: AnyCommand = defineCommand({
  command: "config <action> [name] [values..]",
  describe: "Show and change settings",
  builder: (parser) =>
    parser
      .positional("action", {
        choices: ["list", "get", "set"] as const,
        demandOption: true,
        describe: "all settings · the value of one · set one; without a value: its default again",
      })
      .positional("name", { type: "string", describe: "A setting, as `snap config list` shows it" })
      .positional("values", { type: "string", array: true, describe: "What to set it to" })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Check the value, and change nothing",
      })
      .example("snap config set rollback keep", "a choice")
      .example("snap config set link.names org=econ space=thesis", "names for the template")
      .example(`snap config set sync.before '["make","notes"]'`, "a command, without a shell")
      .epilogue(
        "A setting is the user's; with --workspace it is that workspace's alone, and goes before the user's there. A TIME is a number with a unit: ms, s, m, h, d.",
      ),
  run: async (context, words) => {
    const { action, name, values = [], dryRun } = words;
    if (action === "list") return list(context, name);
    if (name === undefined) throw unnamed(action);
    if (action === "set") return set(context, { name, values, dryRun });
    if (values.length > 0) throw new SnapError("usage", "`snap config get` takes one name");
    return get(context, name);
  },
});

function list({ environment, output, workspace }: CliContext, name: string | undefined): ExitCode {
  if (name !== undefined) {
    throw new SnapError("usage", "`snap config list` takes no name", {
      hint: `snap config get ${name}`,
    });
  }
  const lines = listSettings(environment, workspace);
  for (const line of lines) output.emit("setting", fieldsOf(line));
  const rows = lines.map((line) => [
    line.name,
    displayName(line.text),
    `(${line.source})`,
    line.unit,
  ]);
  output.print(
    table([["name", "value", "from", "takes"], ...rows])
      .split("\n")
      .flatMap((row, index) => [row, ...meaningBelow(lines[index - 1])])
      .join("\n"),
  );
  output.result("config", 0, { action: "list", count: lines.length });
  return 0;
}

function meaningBelow(line: SettingLine | undefined): readonly string[] {
  return line === undefined ? [] : [`    ${line.meaning}; default: ${line.default}`];
}

function get({ environment, output, workspace }: CliContext, name: string): ExitCode {
  const line = getSetting(environment, name, workspace);
  output.emit("setting", fieldsOf(line));
  output.print(displayName(line.text));
  output.result("config", 0, { action: "get", name: line.name });
  return 0;
}

type SetWords = {
  readonly name: string;
  readonly values: readonly string[];
  readonly dryRun: boolean;
};

function set({ environment, output, workspace }: CliContext, words: SetWords): ExitCode {
  const line = setSetting(environment, { ...words, workspace });
  output.emit("setting", { ...fieldsOf(line), dryRun: words.dryRun });
  const verb = words.dryRun ? "Would be" : "Is now";
  output.say(`${verb} ${line.name} = ${displayName(line.text)} (${line.source})`);
  if (words.dryRun) output.say("Nothing was changed.");
  output.result("config", 0, { action: "set", name: line.name, dryRun: words.dryRun });
  return 0;
}

function fieldsOf(line: SettingLine): Readonly<Record<string, Json>> {
  const { name, value, source, unit, meaning } = line;
  return { name, value: value ?? null, source, unit, default: line.default, meaning };
}

function unnamed(action: string): SnapError {
  return new SnapError("usage", "Name a setting", {
    hint: `snap config ${action} NAME; \`snap config list\` shows them all.`,
  });
}
