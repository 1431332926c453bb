import path from "node:path";
import type { Argv } from "yargs";
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

/** The server of a data folder, opened here or running elsewhere (V7). */
export function reach(context: CliContext, given: string | undefined): Promise<ReachedServer> {
  const { clock, rng } = context.environment;
  return reachServer({ data: dataFolder(context, given), clock, rng });
}
