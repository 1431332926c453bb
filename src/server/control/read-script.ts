import { SnapError, describeError } from "../../std/error.ts";
import type { Definition, RouteType } from "../wire/definition.ts";
import type { Json, Tagged } from "../wire/failure.ts";
import type { PageFault } from "../wire/interposer.ts";
import { pages } from "../wire/pages.ts";
import { Schema, isObject } from "../wire/schema.ts";
import type { BodyPlace, Fault, FaultMatch, FaultScript, StatusFault } from "./fault-script.ts";
import { JsonReader, anyCount, anyDelay, compact } from "./json-reader.ts";

/** What scripts are checked against. */
export type ScriptRules = { readonly definition: Definition };

const atLeastOne = { ...anyCount, least: 1 };
const anySeed = { least: -(2 ** 31), most: 2 ** 32 - 1 };
/** Dates stay within years of four digits. */
const anySkew = { least: -1e10, most: 1e10 };
const anySeconds = { least: 0, most: 2 ** 31 - 1 };
const times = ["before", "after"] as const;

/**
 * A script out of data that somebody wrote (V71).
 *
 * @throws {SnapError} `usage`, saying which member is wrong and what is expected there.
 */
export function readScript(value: Json, place: string, { definition }: ScriptRules): FaultScript {
  const reader = new JsonReader(value, place, ["match", "fault", "times"]);
  const match = reader.has("match")
    ? readMatch(reader.value("match"), reader.placeOf("match"), definition)
    : undefined;
  const faultPlace = reader.placeOf("fault");
  const fault = readFault(reader.required("fault", reader.value("fault")), faultPlace);
  return compact({
    match,
    fault: fault.kind === "error" ? checkedError(fault, faultPlace, { match, definition }) : fault,
    times: reader.integer("times", atLeastOne),
  });
}

function readMatch(value: Json | undefined, place: string, definition: Definition): FaultMatch {
  const names = ["route", "path", "account", "nth", "every", "probability", "seed"];
  const reader = new JsonReader(value, place, names);
  const chosen = ["nth", "every", "probability"].filter((name) => reader.has(name));
  const [first = "", second] = chosen;
  if (second !== undefined) throw reader.wrong(second, `cannot go together with ${first}`);
  if (reader.has("seed") !== reader.has("probability")) {
    throw reader.wrong("seed", "goes together with probability, and only with it");
  }
  const route = reader.text("route");
  if (route !== undefined && !isRoute(route, definition)) {
    throw reader.wrong("route", `there is no route "${route}"`);
  }
  return compact({
    route,
    path: reader.text("path"),
    account: reader.text("account"),
    nth: reader.integer("nth", atLeastOne),
    every: reader.integer("every", atLeastOne),
    probability: reader.fraction("probability"),
    seed: reader.integer("seed", anySeed),
  });
}

function isRoute(name: string, definition: Definition): boolean {
  return routeType(name, definition) !== undefined || pages.some(({ route }) => route === name);
}

function routeType(name: string, { routes }: Definition): RouteType | undefined {
  return routes.find(({ path }) => path === `/2/${name}`);
}

type Kind = Fault["kind"];

/** How the members of each kind are read, and which there are. */
type FaultReader = {
  readonly members: readonly string[];
  readonly read: (reader: JsonReader) => Fault;
};

const faultReaders: Readonly<Record<Kind, FaultReader>> = {
  dropResponse: { members: [], read: () => ({ kind: "dropResponse" }) },
  dropRequest: { members: [], read: () => ({ kind: "dropRequest" }) },
  status: {
    members: ["status", "when", "body", "reason", "retryAfterSeconds"],
    read: readStatus,
  },
  error: { members: ["error", "when", "userMessage"], read: readError },
  reset: {
    members: ["of", "bytes"],
    read: (reader) => ({
      kind: "reset",
      of: reader.required("of", reader.word("of", ["request", "response"])),
      bytes: reader.required("bytes", reader.integer("bytes")),
    }),
  },
  truncate: {
    members: ["bytes", "seed"],
    read: (reader) => ({ kind: "truncate", ...readPlace(reader) }),
  },
  corrupt: {
    members: ["bytes", "seed"],
    read: (reader) => ({ kind: "corrupt", ...readPlace(reader) }),
  },
  delay: {
    members: ["ms", "bytes"],
    read: (reader) =>
      compact({
        kind: "delay" as const,
        ms: reader.required("ms", reader.integer("ms", anyDelay)),
        bytes: reader.integer("bytes", atLeastOne),
      }),
  },
  cursorReset: {
    members: ["of"],
    read: (reader) => ({
      kind: "cursorReset",
      of: reader.word("of", ["cursor", "account"]) ?? "cursor",
    }),
  },
  pages: {
    members: ["page"],
    read: (reader) => ({
      kind: "pages",
      page: readPage(reader.required("page", reader.value("page")), reader.placeOf("page")),
    }),
  },
  spuriousChange: { members: [], read: () => ({ kind: "spuriousChange" }) },
  backoff: {
    members: ["seconds"],
    read: (reader) => ({
      kind: "backoff",
      seconds: reader.required("seconds", reader.integer("seconds", anySeconds)),
    }),
  },
  clockSkew: {
    members: ["seconds"],
    read: (reader) => ({
      kind: "clockSkew",
      seconds: reader.required("seconds", reader.integer("seconds", anySkew)),
    }),
  },
};

function readFault(value: Json, place: string): Fault {
  const kinds = Object.keys(faultReaders);
  const kind = isObject(value) ? value["kind"] : undefined;
  if (!isKind(kind)) {
    throw new SnapError("usage", `${place}.kind: expected one of ${kinds.join(", ")}`);
  }
  const { members, read } = faultReaders[kind];
  return read(new JsonReader(value, place, ["kind", ...members]));
}

function isKind(kind: Json | undefined): kind is Kind {
  return typeof kind === "string" && Object.hasOwn(faultReaders, kind);
}

function readStatus(reader: JsonReader): StatusFault {
  const status = reader.required(
    "status",
    reader.word("status", [401, 429, 500, 502, 503] as const),
  );
  const body = reader.word("body", bodiesOf(status));
  if (status !== 429 && reader.has("reason")) throw reader.wrong("reason", "belongs to 429");
  return compact({
    kind: "status" as const,
    status,
    when: reader.word("when", times),
    body,
    reason: reader.word("reason", ["too_many_requests", "too_many_write_operations"]),
    retryAfterSeconds: reader.integer("retryAfterSeconds", anySeconds),
  });
}

function bodiesOf(status: StatusFault["status"]): readonly ("json" | "text" | "html")[] {
  if (status === 401) return ["json"];
  return status === 429 ? ["json", "text"] : ["text", "html"];
}

function readError(reader: JsonReader): Fault {
  const error = reader.value("error");
  if (!isTagged(error)) throw reader.wrong("error", 'expected an object with ".tag"');
  const userMessage = reader.text("userMessage");
  return compact({
    kind: "error" as const,
    error,
    when: reader.word("when", times),
    userMessage,
  });
}

function isTagged(value: Json | undefined): value is Tagged {
  return isObject(value) && typeof value[".tag"] === "string";
}

/** An error that the route could not answer with would be no test of a client. */
function checkedError(
  fault: Fault & { readonly kind: "error" },
  place: string,
  {
    match,
    definition,
  }: { readonly match: FaultMatch | undefined; readonly definition: Definition },
): Fault {
  const route = match?.route;
  const use = route === undefined ? undefined : routeType(route, definition)?.error;
  if (route === undefined) {
    throw new SnapError("usage", `${place}: an error needs match.route: each route has its own`);
  }
  if (use === undefined || use === null) {
    throw new SnapError("usage", `${place}: "${route}" has no errors of its own`);
  }
  try {
    const error = new Schema(definition, "response").check(use, fault.error, `${place}.error`);
    return isTagged(error) ? { ...fault, error } : fault;
  } catch (cause) {
    throw new SnapError("usage", `${describeError(cause)} ("${route}")`, { cause });
  }
}

function readPlace(reader: JsonReader): BodyPlace {
  const bytes = reader.integer("bytes");
  const seed = reader.integer("seed", anySeed);
  if (bytes !== undefined && seed !== undefined) {
    throw reader.wrong("seed", "cannot go together with bytes");
  }
  if (bytes !== undefined) return { bytes };
  return { seed: reader.required("bytes or seed", seed) };
}

function readPage(value: Json, place: string): PageFault {
  const kinds = ["empty", "short", "duplicated", "reordered", "children-first", "split"] as const;
  const reader = new JsonReader(value, place, ["kind", "lines"]);
  const kind = reader.required("kind", reader.word("kind", [...kinds, "stale"] as const));
  const lines = reader.integer("lines", atLeastOne);
  if (kind === "stale") return { kind, lines: reader.required("lines", lines) };
  if (lines !== undefined) throw reader.wrong("lines", "belongs to stale");
  return { kind };
}
