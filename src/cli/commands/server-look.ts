import { existsSync } from "node:fs";
import { authorityPath } from "../../server/run.ts";
import { servedRoutes } from "../../server/wire/served-routes.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { table } from "../format.ts";
import { clientNames, clientSetup, type ServerPlace } from "./server-clients.ts";
import { authorityFolder, dataOption, reach } from "./server-data.ts";

/** `snap server ca`: where the certificate is that clients have to trust. */
export const serverCaCommand: AnyCommand = defineCommand({
  command: "ca",
  describe: "Print the path of the certificate that clients have to trust",
  builder: (parser) => dataOption(parser),
  run: (context, words) => {
    const ca = authorityPath(authorityFolder(context, words.data));
    if (!existsSync(ca)) {
      throw new SnapError("path-missing", "The server has no certificate authority of its own", {
        hint: "`snap server` makes one when it starts with HTTPS for the first time.",
      });
    }
    context.output.print(ca);
    context.output.result("server ca", 0, { ca });
    return Promise.resolve(0);
  },
});

/** `snap server env CLIENT`: what a client needs to talk to this server. */
export const serverEnvCommand: AnyCommand = defineCommand({
  command: "env <client>",
  describe: "Print the lines that a client needs to talk to this server",
  builder: (parser) =>
    dataOption(parser).positional("client", {
      choices: clientNames,
      demandOption: true,
      describe: "The client",
    }),
  run: async (context, words) => {
    const place = await placeOf(context, words.data);
    const text = clientSetup(words.client, { place, data: words.data });
    context.output.print(text);
    context.output.result("server env", 0, { client: words.client, text });
    return 0;
  },
});

/** `snap server routes`: what is served. */
export const serverRoutesCommand: AnyCommand = defineCommand({
  command: "routes",
  describe: "List the functions of the API that are served",
  builder: (parser) => parser,
  run: ({ output }) => {
    const routes = servedRoutes();
    for (const route of routes) output.emit("route", { ...route });
    const rows = routes.map(({ name, host, style, auth, scope }) => [
      name,
      host,
      style,
      auth,
      scope ?? "",
    ]);
    output.print(table([["function", "host", "style", "authorisation", "scope"], ...rows]));
    output.result("server routes", 0, { count: routes.length });
    return Promise.resolve(0);
  },
});

/** Where the server of a data folder listens. @throws {SnapError} `path-missing` when it does not. */
async function placeOf(context: CliContext, data: string | undefined): Promise<ServerPlace> {
  await using server = await reach(context, data);
  if (server.place !== undefined) return server.place;
  throw new SnapError("path-missing", "No server runs on this data folder", {
    hint: "Start it with `snap server`, and name its folder with --data if it has another.",
  });
}
