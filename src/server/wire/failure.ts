/** JSON as it goes over the wire; a member that is undefined is left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [member: string]: Json | undefined };

/** A JSON object. */
export type JsonObject = { readonly [member: string]: Json | undefined };

/** A member of a union of the interface: its tag, and what the tag carries (fact sheet 1.4). */
export type Tagged = JsonObject & { readonly ".tag": string };

/** A member without value. */
export function tag(name: string): Tagged {
  return { ".tag": name };
}

/** A member whose value is a union or a primitive: nested under its own name. */
export function nested(name: string, value: Json): Tagged {
  return { ".tag": name, [name]: value };
}

/** 409: the route's own error union says what is wrong. */
export class EndpointFailure extends Error {
  readonly error: Tagged;
  /** A sentence for the user where the union has no member for it. */
  readonly userMessage: string | undefined;

  constructor(error: Tagged, userMessage?: string) {
    super(`Endpoint error ${error[".tag"]}`);
    this.error = error;
    this.userMessage = userMessage;
  }
}

/** A `LookupError`; each route wraps it in a member of its own union. */
export class LookupFailure extends Error {
  readonly error: Tagged;

  constructor(name: "malformed_path" | "not_found" | "not_file" | "not_folder") {
    super(`Lookup error ${name}`);
    this.error = tag(name);
  }
}

/** A `WriteError`; each route wraps it in a member of its own union. */
export class WriteFailure extends Error {
  readonly error: Tagged;

  constructor(error: Tagged) {
    super(`Write error ${error[".tag"]}`);
    this.error = error;
  }
}

/** What is in the way of a write. */
export type Conflict = "file" | "folder" | "file_ancestor";

/** The name is taken. */
export function conflict(kind: Conflict): WriteFailure {
  return new WriteFailure(nested("conflict", tag(kind)));
}

/** The disk or the account is full (V37). */
export function noSpace(): WriteFailure {
  return new WriteFailure(tag("insufficient_space"));
}

/** 400 with a plain text; the router puts the name of the function in front (fact sheet 1.9). */
export class BadCall extends Error {}

/** Any other refusal: status and JSON body. */
export class HttpFailure extends Error {
  readonly status: number;
  readonly body: Json;

  constructor(status: number, body: Json) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** Members of a route's error union that take the two common errors. */
export type Wrappers = { readonly lookup: string; readonly write: string };

/** Run `work`; a lookup or write failure inside becomes the named member of the route's union. */
export function wrapFailures<T>(wrap: Wrappers, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw wrapped(wrap, error);
  }
}

/** As `wrapFailures`, for work that waits for its commit. */
export async function wrapWrite<T>(wrap: Wrappers, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw wrapped(wrap, error);
  }
}

function wrapped(wrap: Wrappers, error: unknown): unknown {
  if (error instanceof LookupFailure) return new EndpointFailure(nested(wrap.lookup, error.error));
  if (error instanceof WriteFailure) return new EndpointFailure(nested(wrap.write, error.error));
  return error;
}
