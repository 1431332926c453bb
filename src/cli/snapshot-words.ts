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
