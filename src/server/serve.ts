/**
 * @module server — a Dropbox in a box: the HTTP API v2 on a local disk.
 *
 * A request comes in as a `Request` and goes out as a `Response` (`in-process.ts`); sockets are in `front/`, and `run.ts`
 * puts both together. The router of `wire/` finds the route, checks token and argument against the official definition,
 * and runs it: `files/` and `sharing/` on the account's tree of `tree/`, `accounts/` on who may do what. A write is one
 * SQLite transaction; content lies beside in blocks named by their hash, both in `store/` (V11, V12). What is answered is
 * durable (V13). `control/` breaks, slows and counts calls on request. A point that Dropbox's documents leave open is
 * decided in `docs/server.md`, under "Choices"; a route that is not served says so, and nothing is guessed.
 *
 * This file is what other programs import.
 */
export { openServer } from "./in-process.ts";
export type { DropboxServer, ServerOptions } from "./in-process.ts";
export { runServer } from "./run.ts";
export type { RunOptions, RunningServer, TlsChoice } from "./run.ts";
export type {
  AccountDesk,
  AccountDetails,
  AppInfo,
  AuthorisationInfo,
  IssueOptions,
  IssuedToken,
} from "./accounts/registry.ts";
export type { AccountInfo } from "./accounts/account.ts";
export type { NewAccount } from "./accounts/account-rows.ts";
export type { NewApp } from "./accounts/new-app.ts";
export type { Admin } from "./control/admin.ts";
export type { Fault, FaultMatch, FaultScript, Firing } from "./control/fault-script.ts";
export type { Profile } from "./control/profiles.ts";
export type { CallRecord } from "./control/recorder.ts";
export type { AnsweredCall } from "./front/handler.ts";
export type { Limits } from "./limits.ts";
export { seededRng, systemRng } from "../std/random.ts";
export type { Rng } from "../std/random.ts";
export { systemClock } from "../std/time.ts";
export type { Clock } from "../std/time.ts";
