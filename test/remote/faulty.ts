import { expect } from "vitest";
import type { Interceptor, Linked } from "./linked.ts";

/** An error with this code. */
export const code = (name: string): Error => expect.objectContaining({ code: name }) as Error;

/** Faults for the first calls of a route, then the server itself. */
export function failing(route: string, faults: readonly (() => Response | Error)[]): Interceptor {
  const left = [...faults];
  return async (request, pass) => {
    const fault = request.route === route ? left.shift() : undefined;
    if (fault === undefined) return pass();
    const answer = fault();
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

export const noNetwork = (): Error =>
  new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") });

/** The routes of files since a moment, so that logging in does not count. */
export const calls = (linked: Linked): string[] =>
  linked.routes.filter((route) => route.startsWith("files/"));
