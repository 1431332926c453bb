import type { Clock } from "../../std/time.ts";
import type { Definition, RouteType } from "../wire/definition.ts";
import type { CallFacts, CallStart } from "../wire/interposer.ts";
import { pages } from "../wire/pages.ts";
import { CallCounter, Metrics } from "./metrics.ts";
import type { Outcome } from "./metrics.ts";
import { Ring, rememberedPath } from "./ring.ts";

/** One call, as the list of recent calls tells it (V75). No content, and no secret. */
export type CallRecord = {
  /** Counts all calls, in the order in which they came in, from 1. */
  readonly sequence: number;
  readonly requestId: string;
  /** By the server's clock, in ms since 1970. */
  readonly atMs: number;
  readonly route: string;
  readonly account: string | undefined;
  /** The path that the argument names first. */
  readonly path: string | undefined;
  /** "cut" where a fault cut the connection, "gone" where the client left; undefined while the call is under way. */
  readonly status: Outcome | undefined;
  readonly bytesIn: number;
  /** Grows while the answer's body is taken. */
  readonly bytesOut: number;
  /** Until the last byte of the answer's body was taken; until then, until the answer began. */
  readonly ms: number;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What is counted of calls that are no known route's: their names come from outside, and are endless. */
const otherRoute = "other";

/** Writes down what calls come in and what becomes of them. */
export class Recorder {
  readonly metrics: Metrics = new Metrics();
  readonly clock: Clock;
  readonly #types: ReadonlyMap<string, RouteType>;
  readonly #pages: ReadonlySet<string>;
  readonly #recent: Ring<CallRecord>;
  #sequence = 0;

  constructor(definition: Definition, clock: Clock, recentMax: number) {
    this.clock = clock;
    this.#types = new Map(definition.routes.map((type) => [type.path.slice("/2/".length), type]));
    this.#pages = new Set(pages.map(({ route }) => route));
    this.#recent = new Ring(recentMax);
  }

  begin({ requestId, route, host }: CallStart): CallRecording {
    this.#sequence += 1;
    const type = this.#types.get(route);
    if (type !== undefined && isWrongHost(host, type)) this.metrics.addWrongHost(route);
    const record: Mutable<CallRecord> = {
      sequence: this.#sequence,
      requestId,
      atMs: this.clock.now(),
      route: this.known(route),
      account: undefined,
      path: undefined,
      status: undefined,
      bytesIn: 0,
      bytesOut: 0,
      ms: 0,
    };
    this.#recent.push(record);
    return new CallRecording(record, this);
  }

  /** The name of a route as it is counted. */
  known(route: string): string {
    return this.#types.has(route) || this.#pages.has(route) ? route : otherRoute;
  }

  /** The last calls, oldest first, those under way among them. */
  recent(): readonly CallRecord[] {
    return this.#recent.list().map((record) => ({ ...record }));
  }

  forgetRecent(): void {
    this.#recent.clear();
  }
}

/** Writes down one call. */
export class CallRecording {
  readonly #record: Mutable<CallRecord>;
  readonly #recorder: Recorder;
  #counter: CallCounter | undefined;

  constructor(record: Mutable<CallRecord>, recorder: Recorder) {
    this.#record = record;
    this.#recorder = recorder;
  }

  get sequence(): number {
    return this.#record.sequence;
  }

  received(bytes: number): void {
    this.#record.bytesIn += bytes;
    if (this.#counter !== undefined) this.#counter.bytesIn += bytes;
  }

  get bytesIn(): number {
    return this.#record.bytesIn;
  }

  /** The answer begins, or there is none; said once. */
  settle({ route, account, path }: CallFacts, outcome: Outcome): void {
    const record = this.#record;
    record.route = this.#recorder.known(route);
    record.account = account;
    record.path = rememberedPath(path);
    record.status = outcome;
    this.ended();
    this.#counter = this.#recorder.metrics.calls(record.route, outcome);
    this.#counter.add(record.ms);
    this.#counter.bytesIn += record.bytesIn;
  }

  sent(bytes: number): void {
    this.#record.bytesOut += bytes;
    if (this.#counter !== undefined) this.#counter.bytesOut += bytes;
  }

  /** The last byte is out. */
  ended(): void {
    this.#record.ms = this.#recorder.clock.now() - this.#record.atMs;
  }
}

/** Hosts of the real service by their first label, or by a path that stands for one (V8). */
const hostsByLabel: Readonly<Record<string, RouteType["host"] | "www">> = {
  api: "api",
  content: "content",
  "api-content": "content",
  notify: "notify",
  bolt: "notify",
  www: "www",
  meta: "www",
};

/** Whether a route was called on a host that the real service has for others; an own name is for all of them. */
function isWrongHost(host: string, { host: right }: RouteType): boolean {
  const [label = "", domain] = host.split(/\.(.*)/, 2);
  if (domain !== undefined && domain !== "dropboxapi.com" && domain !== "dropbox.com") return false;
  const called = Object.hasOwn(hostsByLabel, label) ? hostsByLabel[label] : undefined;
  return called !== undefined && called !== right;
}
