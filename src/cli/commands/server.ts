import { runServer, type RunningServer } from "../../server/run.ts";
import { displayName } from "../../core/path/names.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import type { Output } from "../output.ts";
import { authorityFolder, dataFolder } from "./server-data.ts";
import { serverAccountCommand, serverAppCommand, serverTokenCommand } from "./server-desk.ts";
import { serverCaCommand, serverEnvCommand, serverRoutesCommand } from "./server-look.ts";
import { requestLog } from "./server-log.ts";
import { runOptionsOf, serverOptions } from "./server-options.ts";

/** How long calls under way may take to end after the first Ctrl-C. */
const graceMs = 10_000;

/** `snap server`: serve the HTTP API to other programs until it is stopped. */
export const serverCommand: AnyCommand = defineCommand({
  command: "server",
  describe: "Serve Dropbox's HTTP API from a local folder to other programs",
  subcommands: [
    serverAccountCommand,
    serverAppCommand,
    serverTokenCommand,
    serverCaCommand,
    serverEnvCommand,
    serverRoutesCommand,
  ],
  repeatable: ["name"],
  builder: (parser) =>
    serverOptions(parser)
      .example("snap server --account Anna", "https://localhost:8443, with an account to try")
      .example("snap server --data :memory: --http --port 0 --account Anna --json", "in a test")
      .epilogue(
        "With --verbose, a line for each request. Ctrl-C stops it; calls under way end first.",
      ),
  run: async (context, words) => {
    const { environment, output, work } = context;
    const running = await runServer({
      ...runOptionsOf(words),
      ...requestLog(output),
      data: dataFolder(context, words.data),
      authorityFolder: authorityFolder(context, words.data),
      clock: environment.clock,
      rng: environment.rng,
    });
    try {
      announce(output, running, words.account);
      await untilStopped(work.signal);
    } finally {
      await running.close({ graceMs });
    }
    output.say("Stopped.");
    output.result("server", 0, {});
    return 0;
  },
});

/** Say where the server is: text for people, one `listening` line for programs. */
function announce(output: Output, running: RunningServer, accountName: string | undefined): void {
  const { url, port, caPath, admin, server } = running;
  const account = accountName === undefined ? undefined : accountCalled(server, accountName);
  const tokens = account === undefined ? undefined : server.issueToken(account.id);
  output.emit("listening", {
    url,
    port,
    pid: process.pid,
    ca: caPath,
    adminUrl: admin?.url,
    adminToken: admin?.token,
    account: account?.id,
    accessToken: tokens?.accessToken,
    refreshToken: tokens?.refreshToken,
  });
  output.print(`Serving Dropbox's API on ${url}`);
  if (caPath !== undefined) output.print(`Certificate to trust: ${displayName(caPath)}`);
  if (admin !== undefined) output.print(`Admin interface on ${admin.url}, token ${admin.token}`);
  if (tokens !== undefined) output.print(`Access token: ${tokens.accessToken}`);
  if (server.accounts().length === 0) {
    output.say("There is no account yet: `snap server account add NAME` makes one.");
  }
  output.say("`snap server env CLIENT` prints what a client needs. Ctrl-C stops the server.");
}

function accountCalled(server: RunningServer["server"], name: string): { readonly id: string } {
  const known = server.accounts().find((account) => account.name === name);
  return known ?? server.addAccount({ name });
}

function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
