import path from "node:path";
import type { Argv } from "yargs";
import { SnapError } from "../../std/error.ts";
import { reachServer, type ReachedServer } from "../../server/reach.ts";
import type { CliContext } from "../context.ts";

/** `--data`, which every command of the server takes. */
export function dataOption<A>(parser: Argv<A>): Argv<A & { data: string | undefined }> {
  return parser.option("data", {
    type: "string",
    requiresArg: true,
    global: false,
    describe: "The server's data folder; default: the embedded account's. :memory: keeps nothing",
  });
}

/** The data folder that was named, or the embedded account's. */
export function dataFolder({ environment }: CliContext, given: string | undefined): string {
  if (given === undefined) return environment.locations.server;
  return given === ":memory:" ? given : path.resolve(environment.cwd, given);
}

/** Where the certificate authority of a data folder is kept; a server without a folder uses the embedded account's. */
export function authorityFolder(context: CliContext, given: string | undefined): string {
  return path.join(dataFolder(context, given === ":memory:" ? undefined : given), "tls");
}

/**
 * The server of a data folder, opened here or running elsewhere (V7).
 *
 * @throws {SnapError} `usage` for data that is in the memory of another process.
 */
export async function reach(
  context: CliContext,
  given: string | undefined,
): Promise<ReachedServer> {
  if (given === ":memory:") {
    throw new SnapError("usage", "What a server keeps in memory cannot be reached from here", {
      hint: "`snap server --data :memory: --account NAME` makes an account when it starts.",
    });
  }
  const { clock, rng } = context.environment;
  return await reachServer({ data: dataFolder(context, given), clock, rng });
}
