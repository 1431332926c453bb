import type { ClientRequest, IncomingMessage } from "node:http";
import { findSocket } from "../app/run-folder.ts";
import type { Environment } from "../app/environment.ts";
import { isSnapError, SnapError, systemCode, throwIfAborted } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import type { Clock } from "../std/time.ts";
import { thrownError } from "./link.ts";
import type { ControlFailure, DaemonEvent, DaemonStatus } from "./wire.ts";

/** Largest answer that is read, characters: a status with everything that was left aside. */
const answerLengthMax = 16 * 1024 * 1024;

/** How long a daemon may take to say how it is before it counts as hung, ms. */
const answerMs = 10_000;

/** Codes of a connection that nobody answers: there is no daemon, or it has just ended. */
const nobodyCodes: readonly string[] = ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"];

/** A request to the daemon. */
export type DaemonCall = {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly body?: Json;
  readonly signal?: AbortSignal | undefined;
};

/** A way to the daemon of one home. Every call has a connection of its own. */
export interface DaemonClient {
  status(signal?: AbortSignal): Promise<DaemonStatus>;
  /** Every change from now on; ends with the signal, or with the daemon. */
  events(signal?: AbortSignal): AsyncGenerator<DaemonEvent, void, undefined>;
  /** The answer, as JSON. @throws {SnapError} `daemon-off`, and what the daemon answers */
  call(call: DaemonCall): Promise<unknown>;
  /** The answer line by line, each as JSON, as long as it goes on; asked for with the first one. */
  lines(call: DaemonCall): AsyncGenerator<unknown, void, undefined>;
}

/**
 * A way to the daemon; nothing is connected to before the first call.
 *
 * @throws {SnapError} `daemon-off` where none runs, `refused` where the way to it is not safe (X19): from each call
 */
export function daemonClient({ locations }: Pick<Environment, "locations">): DaemonClient {
  const open = async (call: DaemonCall): Promise<IncomingMessage> =>
    await send(await socketIn(locations), call);
  const call = async (asked: DaemonCall): Promise<unknown> => {
    const answer = await open(asked);
    return JSON.parse(await wholeText(answer));
  };
  const lines = (asked: DaemonCall): AsyncGenerator<unknown, void, undefined> =>
    linesOf(() => open(asked));
  return {
    call,
    lines,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of a private socket are this program
    status: async (signal) => (await call({ path: "/v1/status", signal })) as DaemonStatus,
    events: (signal) =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of a private socket are this program
      lines({ path: "/v1/events", signal }) as AsyncGenerator<DaemonEvent, void, undefined>,
  };
}

/**
 * Wait for what the daemon can say at once: as long as one may take that does not hang.
 *
 * @throws what the call throws; that it was ended by its signal (`isUnanswered`) when the time is over
 */
export async function answered<T>(
  clock: Clock,
  call: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const over = new AbortController();
  const late = new AbortController();
  const limit = clock.sleep(answerMs, over.signal).then(
    () => late.abort(),
    () => {
      // It has answered.
    },
  );
  try {
    return await call(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  } finally {
    over.abort();
    await limit;
  }
}

/**
 * The status of a daemon that may hang; undefined where none runs.
 *
 * @throws {SnapError} `busy` where it does not answer; `refused` as each call; `interrupted` by the signal
 */
export async function statusInTime(
  environment: Pick<Environment, "locations" | "clock">,
  signal?: AbortSignal,
): Promise<DaemonStatus | undefined> {
  const client = daemonClient(environment);
  try {
    return await answered(environment.clock, (patience) => client.status(patience), signal);
  } catch (error) {
    if (isSnapError(error, "daemon-off")) return undefined;
    if (!isUnanswered(error)) throw error;
    throwIfAborted(signal);
    throw new SnapError("busy", "The background sync runs, and does not answer", {
      hint: "One that hangs is started anew after 10 minutes; `snap restart` does so now, and loses nothing.",
      cause: error,
    });
  }
}

/** Whether nobody answered: no daemon runs, or the caller's patience has ended. */
export function isUnanswered(error: unknown): boolean {
  if (isSnapError(error, "daemon-off")) return true;
  return error instanceof Error && ["TimeoutError", "AbortError"].includes(error.name);
}

/** No daemon runs, or it has just ended. */
function daemonOff(cause?: unknown): SnapError {
  return new SnapError("daemon-off", "The daemon is not running", {
    hint: "Start it with `snap start`.",
    cause,
  });
}

async function socketIn(locations: Environment["locations"]): Promise<string> {
  const socket = await findSocket(locations);
  if (socket === undefined) throw daemonOff();
  return socket;
}

function send(socketPath: string, call: DaemonCall): Promise<IncomingMessage> {
  const { method = "GET", path, body, signal } = call;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request: ClientRequest = process.getBuiltinModule("node:http").request({
      socketPath,
      method,
      path,
      agent: false,
      headers: text === undefined ? {} : { "content-type": "application/json" },
      ...(signal === undefined ? {} : { signal }),
    });
    request.on("error", (error) => reject(explain(error)));
    request.on("response", (response) => {
      response.setEncoding("utf8");
      if (response.statusCode === 200) resolve(response);
      else void refusalOf(response).then(reject, reject);
    });
    request.end(text);
  });
}

function explain(error: Error): unknown {
  return nobodyCodes.includes(systemCode(error) ?? "") ? daemonOff(error) : error;
}

async function refusalOf(response: IncomingMessage): Promise<SnapError> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of a private socket are this program
  const { error } = JSON.parse(await wholeText(response)) as ControlFailure;
  return thrownError(error);
}

async function wholeText(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const part of response) {
      text += String(part);
      if (text.length > answerLengthMax) throw new Error("The daemon's answer is too long");
    }
  } catch (error) {
    throw error instanceof Error ? explain(error) : error;
  }
  return text;
}

async function* linesOf(
  open: () => Promise<IncomingMessage>,
): AsyncGenerator<unknown, void, undefined> {
  let rest = "";
  const response = await open();
  try {
    for await (const part of response) {
      const lines = `${rest}${String(part)}`.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > answerLengthMax) throw new Error("A line of the daemon is too long");
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (error) {
    throw error instanceof Error ? explain(error) : error;
  } finally {
    response.destroy();
  }
}
