import { SnapError, isErrorCode } from "../../std/error.ts";
import type { AccountDesk } from "../accounts/registry.ts";
import { parseJson } from "../wire/answer.ts";
import { BadCall } from "../wire/failure.ts";
import { refuse } from "./request.ts";
import { socketFetch } from "./socket-fetch.ts";

/** The desk as other processes reach it: the same, but every answer takes its way. A browser's part is not needed there. */
export type AsyncDesk = {
  readonly [Name in Exclude<keyof AccountDesk, "authorize">]: (
    ...given: Parameters<AccountDesk[Name]>
  ) => Promise<ReturnType<AccountDesk[Name]>>;
};

/** Where a server says, over its socket, at which address it listens. */
export const wherePath = "/control/where";

/** An address, and the certificate to trust there. */
export type ListeningPlace = { readonly url: string; readonly ca: string | undefined };

/** Where the server behind a socket listens besides; undefined for nowhere. */
export async function socketPlace(socketPath: string): Promise<ListeningPlace | undefined> {
  const response = await socketFetch(socketPath)(`https://localhost${wherePath}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of a private socket are this program
  return ((await response.json()) as ListeningPlace | null) ?? undefined;
}

type DeskCall = keyof AsyncDesk;

const deskCalls: readonly DeskCall[] = [
  "addAccount",
  "accounts",
  "account",
  "removeAccount",
  "changeTeam",
  "issueToken",
  "addApp",
  "apps",
  "removeApp",
];

type Thrown = { readonly code: string; readonly message: string; readonly hint?: string };

/** What goes back over the socket: a result, or what was thrown. */
type DeskAnswer = { readonly result: unknown } | { readonly thrown: Thrown };

/** Every call of a desk in this process, as a desk that is waited for. */
export function asyncDesk(desk: AccountDesk): AsyncDesk {
  return deskOf((name, given) => Promise.resolve(callDesk(desk, name, given)));
}

/** The desk of the server that listens on a socket (V7). */
export function socketDesk(socketPath: string): AsyncDesk {
  const reach = socketFetch(socketPath);
  return deskOf(async (name, given) => {
    const response = await reach(`https://localhost/control/${name}`, {
      method: "POST",
      body: JSON.stringify(given),
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of a private socket are this program
    const answer = (await response.json()) as DeskAnswer;
    if ("result" in answer) return answer.result;
    throw thrownThere(answer.thrown);
  });
}

function thrownThere({ code, message, hint }: Thrown): SnapError {
  const known = isErrorCode(code) ? code : "unexpected";
  return new SnapError(known, message, hint === undefined ? {} : { hint });
}

/** The part of a front that answers `socketDesk`. */
export async function answerDesk(desk: AccountDesk, request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.replace("/control/", "");
  const known = deskCalls.find((call) => call === name);
  if (known === undefined || request.method !== "POST") return new Response(null, { status: 404 });
  const body = await request.text();
  let given: unknown;
  try {
    given = parseJson(body);
  } catch (error) {
    if (error instanceof BadCall) return refuse(400, error.message);
    throw error;
  }
  return Response.json(outcome(desk, known, given));
}

function outcome(desk: AccountDesk, name: DeskCall, given: unknown): DeskAnswer {
  try {
    return { result: callDesk(desk, name, Array.isArray(given) ? given : []) ?? null };
  } catch (error) {
    if (!(error instanceof SnapError)) throw error;
    const { code, message, hint } = error;
    return { thrown: hint === undefined ? { code, message } : { code, message, hint } };
  }
}

type Calling = (name: DeskCall, given: readonly unknown[]) => Promise<unknown>;

function deskOf(call: Calling): AsyncDesk {
  const calls = deskCalls.map((name) => [
    name,
    (...given: readonly unknown[]) => call(name, given),
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each name with the method of that name
  return Object.fromEntries(calls) as AsyncDesk;
}

function callDesk(desk: AccountDesk, name: DeskCall, given: readonly unknown[]): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `AsyncDesk` takes is what the method takes
  const method = desk[name].bind(desk) as (...given: readonly unknown[]) => unknown;
  return method(...given);
}
