import type { Argv } from "yargs";
import { parseMs } from "./quantities.ts";

type WriterWords = { wait: string | undefined } & { "dry-run": boolean };

/** Words that every command takes that looks after the store. */
export function writerWords<A>(parser: Argv<A>): Argv<A & WriterWords> {
  return parser
    .option("wait", {
      type: "string",
      requiresArg: true,
      describe: "How long to wait for another writer of the store (60s if not said)",
    })
    .option("dry-run", {
      alias: "n",
      type: "boolean",
      default: false,
      describe: "Show what would be done",
    });
}

/** `--wait` in ms; undefined where it is not given. @throws {SnapError} `usage` */
export function waitOf({ wait }: { readonly wait: string | undefined }): number | undefined {
  return wait === undefined ? undefined : parseMs(wait, "--wait");
}

/** The word that names a snapshot to be changed. */
export const snapshotToNote = {
  type: "string",
  demandOption: true,
  describe: "Id or prefix of it, label, latest, latest~1, or @time",
} as const;

/** Snapshots of every workspace. */
export const everyWorkspace = {
  type: "boolean",
  default: false,
  describe: "Those of every workspace",
} as const;
