import type { Tagged } from "../wire/failure.ts";
import type { RateLimitReason } from "../wire/answer.ts";
import type { PageFault } from "../wire/interposer.ts";

/** Which calls a script is about. What is left out is not looked at. */
export type FaultMatch = {
  /** `files/upload`, `oauth2/token`. */
  readonly route?: string;
  /** The path that the argument names first is this one or inside of it, in any case. */
  readonly path?: string;
  /** `dbid:…`. */
  readonly account?: string;
  /** Of the calls that fit so far, only this one, from 1; or each whose number it divides; or each with this chance. */
  readonly nth?: number;
  readonly every?: number;
  readonly probability?: number;
  /** Begins the script's own random numbers, so that the same calls are hit each time; with `probability`. */
  readonly seed?: number;
};

/** Before the route's work, which then is not done; or after it, instead of its answer. */
export type FaultTime = "before" | "after";

/** Where in a body something happens: at this byte, or at one that the seed chooses from the announced length. */
export type BodyPlace = { readonly bytes: number } | { readonly seed: number };

/** An answer that has nothing to do with the route (fact sheet 1.8). */
export type StatusFault = {
  readonly kind: "status";
  /** 401 is `expired_access_token`. */
  readonly status: 401 | 429 | 500 | 502 | 503;
  readonly when?: FaultTime;
  /** JSON unless it says otherwise; of 500 and more, text or HTML only. */
  readonly body?: "json" | "text" | "html";
  /** With 429; `too_many_requests` unless it says otherwise. */
  readonly reason?: RateLimitReason;
  /** Of 429 in the header and the body, of others in the header. */
  readonly retryAfterSeconds?: number;
};

/** Any 409 of the route that the script names. */
export type ErrorFault = {
  readonly kind: "error";
  /** A member of the route's error union. */
  readonly error: Tagged;
  readonly when?: FaultTime;
  readonly userMessage?: string;
};

/** TCP reset after so many bytes of the body of the request or the answer; a shorter body comes through. */
export type ResetFault = {
  readonly kind: "reset";
  readonly of: "request" | "response";
  readonly bytes: number;
};

/** Waiting before the answer; or between pieces of its body of so many bytes. */
export type DelayFault = { readonly kind: "delay"; readonly ms: number; readonly bytes?: number };

/** What goes wrong with a call (V72). */
export type Fault =
  /** The work is done, and the connection closes without an answer. */
  | { readonly kind: "dropResponse" }
  /** The connection closes, and nothing is done. */
  | { readonly kind: "dropRequest" }
  | StatusFault
  | ErrorFault
  | ResetFault
  /** The answer's body ends early, under its full `Content-Length`. */
  | ({ readonly kind: "truncate" } & BodyPlace)
  /** One byte of the answer's body is another. */
  | ({ readonly kind: "corrupt" } & BodyPlace)
  | DelayFault
  /** The call's cursor is void; or all that its account has got so far. */
  | { readonly kind: "cursorReset"; readonly of: "cursor" | "account" }
  | { readonly kind: "pages"; readonly page: PageFault }
  | { readonly kind: "spuriousChange" }
  | { readonly kind: "backoff"; readonly seconds: number }
  | { readonly kind: "clockSkew"; readonly seconds: number };

/** A fault as plain data (V71). */
export type FaultScript = {
  /** Every call, where it is left out. */
  readonly match?: FaultMatch;
  readonly fault: Fault;
  /** After so many times it is over; without end, where it is left out. */
  readonly times?: number;
};

/** A fault that fired. */
export type Firing = {
  /** The number of the call, as in the list of recent calls. */
  readonly sequence: number;
  /** Which script, from 0. */
  readonly script: number;
  readonly fault: Fault["kind"];
  readonly route: string;
  readonly account: string | undefined;
  readonly path: string | undefined;
  readonly requestId: string;
};
