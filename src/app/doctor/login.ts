import { existsSync } from "node:fs";
import { isSnapError, SnapError, throwIfAborted } from "../../std/error.ts";
import type { Clock } from "../../std/time.ts";
import { connect, type Account } from "../accounts.ts";
import type { Environment } from "../environment.ts";
import { ok, problem, warning, type Check } from "./check.ts";

/** How far the clock may be from the server's before it is worth a word, ms. */
const clockOffMaxMs = 120_000;

/** Whether a server is asked, and for how long it is waited for. */
export type Asking = {
  /** Ends the waiting for the server; undefined: no server is asked. */
  readonly patience: AbortSignal | undefined;
  /** The user's own end. */
  readonly signal: AbortSignal | undefined;
};

/**
 * One account: whether its token is there and safe (X14), and what its server says.
 *
 * @throws {SnapError} `interrupted`
 */
export async function checkAccount(
  environment: Environment,
  account: Account,
  asking: Asking,
): Promise<readonly Check[]> {
  const login = await checkToken(environment, account);
  if (login.state !== "ok" || asking.patience === undefined) return [login];
  return [
    login,
    ...(await askServer(environment, account, { ...asking, patience: asking.patience })),
  ];
}

/** Nobody is logged in. */
export function noLogin(): Check {
  const error = new SnapError("not-logged-in", "This computer is not linked to Dropbox", {
    hint: "Run `snap login` for Dropbox, or `snap login --local` for the embedded account.",
  });
  return problem("login", error);
}

async function checkToken(environment: Environment, account: Account): Promise<Check> {
  const token = await environment.secrets.read(account.id);
  if (token !== undefined)
    return ok("login", `${nameOf(account)}: its token can be read by you alone`);
  const missing = new SnapError("not-logged-in", `The token of ${nameOf(account)} is missing`, {
    hint: account.kind === "local" ? "Run `snap login --local`." : "Run `snap login`.",
  });
  return problem("login", missing);
}

function nameOf({ name, email, kind }: Account): string {
  return kind === "local" ? `${name} (embedded account)` : `${name} (${email})`;
}

type Asked = Asking & { readonly patience: AbortSignal };

async function askServer(
  environment: Environment,
  account: Account,
  asked: Asked,
): Promise<readonly Check[]> {
  const { server } = environment.locations;
  // Looking for it would make it.
  if (account.kind === "local" && !existsSync(server)) return [noEmbedded(server)];
  const dates = new ServerDates(environment);
  try {
    await using connection = await connect(inTime(environment, dates, asked), account.id);
    await connection.side("").account();
  } catch (error) {
    throwIfAborted(asked.signal);
    return [...failure(account, error, asked), ...dates.checks(account)];
  }
  return [
    ok("server", `The server takes the login of ${nameOf(account)}`),
    ...dates.checks(account),
  ];
}

function failure(account: Account, error: unknown, { patience }: Asked): readonly Check[] {
  if (patience.aborted) {
    const text = `The server of ${nameOf(account)} did not answer in time`;
    return [warning("server", { text, hint: onlineHint })];
  }
  if (!isSnapError(error)) throw error;
  if (error.class === "transient")
    return [warning("server", { text: error.message, hint: onlineHint })];
  if (error.code !== "busy") return [problem("server", error)];
  const text = `The embedded account is in use by another command (${error.message})`;
  return [warning("server", { text, hint: "Run `snap doctor` again when that has ended." })];
}

const onlineHint =
  "Is this machine online, and is a proxy needed? The sync goes on by itself when the server answers.";

function noEmbedded(folder: string): Check {
  const text = `The data of the embedded account are missing: "${folder}"`;
  return problem(
    "server",
    new SnapError("not-logged-in", text, { hint: "Run `snap login --local`." }),
  );
}

/** As the environment, where everything that waits ends with the patience. */
function inTime(
  environment: Environment,
  dates: ServerDates,
  { patience, signal }: Asked,
): Environment {
  const end = (own: AbortSignal | null | undefined): AbortSignal =>
    AbortSignal.any([own, signal, patience].filter((one) => one !== null && one !== undefined));
  const clock: Clock = {
    now: () => environment.clock.now(),
    sleep: (delayMs, own) => environment.clock.sleep(delayMs, end(own)),
  };
  return {
    ...environment,
    clock,
    fetch: async (input, init) => {
      const response = await environment.fetch(input, { ...init, signal: end(init?.signal) });
      dates.note(response);
      return response;
    },
  };
}

/** What time it is by the server, from the answers that came. */
class ServerDates {
  readonly #clock: Clock;
  #offMs: number | undefined;

  constructor({ clock }: Pick<Environment, "clock">) {
    this.#clock = clock;
  }

  note({ headers }: Response): void {
    const date = Date.parse(headers.get("date") ?? "");
    if (!Number.isNaN(date)) this.#offMs = this.#clock.now() - date;
  }

  /** The embedded account has no clock of its own. */
  checks({ kind }: Account): readonly Check[] {
    if (kind === "local" || this.#offMs === undefined) return [];
    const offMs = this.#offMs;
    if (Math.abs(offMs) <= clockOffMaxMs)
      return [ok("clock", "The clock agrees with the server's")];
    const minutes = Math.round(Math.abs(offMs) / 60_000);
    const text = `The clock is ${minutes} minutes ${offMs > 0 ? "ahead of" : "behind"} the server's`;
    const hint = "Set it: times in conflicted copies and of snapshots are wrong until then.";
    return [warning("clock", { text, hint })];
  }
}
