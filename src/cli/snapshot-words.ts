import type { Argv } from "yargs";

/** The option of commands that show snapshots (N9). */
export const allWorkspaces = {
  type: "boolean",
  default: false,
  describe: "Snapshots of every workspace",
} as const;

/** The word that names a snapshot (N25). */
export function snapshotWord<A>(parser: Argv<A>): Argv<A & { snapshot: string }> {
  return parser.positional("snapshot", {
    type: "string",
    demandOption: true,
    describe: "Id or prefix of it, label, latest, latest~1, or @time",
  });
}

/** The options of commands that make a snapshot: what it is called. */
export function namingOptions<A>(
  parser: Argv<A>,
): Argv<A & { label: string | undefined } & { tag: string[] }> {
  return parser
    .option("label", { type: "string", requiresArg: true, describe: "A name for the snapshot" })
    .option("tag", {
      type: "string",
      array: true,
      requiresArg: true,
      default: [],
      describe: "A word to find it by; may be repeated",
    });
}
