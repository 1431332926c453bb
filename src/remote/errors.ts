import { DropboxResponseError } from "dropbox";
import { describeError, isSnapError, SnapError, systemCode, type ErrorCode } from "../std/error.ts";
import { isShape, countIn, textIn, type Shape } from "./shape.ts";

/** What a call was about, for the error that it may end in. */
export type CallFacts = {
  /** What was to be done, as the start of a sentence: "Upload". */
  readonly what: string;
  /** The path below the linked folder. */
  readonly path?: string | undefined;
};

/** Longest part of a server's own text that is repeated to the user. */
const quotedMax = 200;

/** Nesting of unions in an error, bounded for a hostile server. */
const tagsMax = 8;

const hints: Partial<Record<ErrorCode, string>> = {
  offline: "Check the network connection; then run the same command again.",
  throttled: "Wait a while, then run the same command again.",
  "server-error": "Wait a while, then run the same command again.",
  "login-revoked": "Run snap login.",
  "not-logged-in": "Run snap login.",
  "account-changed": "Run snap account: it tells what this login may see; then log in again.",
  "quota-exceeded": "Make room in the account, or get more.",
  "name-refused": "Rename it.",
};

/**
 * Tags of endpoint errors (fact sheet 4), the first that matches names the code. What is not in the list is
 * `remote-error`: it is no use to repeat it.
 */
const codesOfTags: readonly (readonly [tag: string, code: ErrorCode])[] = [
  ["too_many_write_operations", "throttled"],
  ["too_many_requests", "throttled"],
  ["internal_error", "server-error"],
  ["conflict", "conflict"],
  ["not_found", "not-found"],
  ["not_file", "conflict"],
  ["not_folder", "conflict"],
  ["malformed_path", "name-refused"],
  ["disallowed_name", "name-refused"],
  ["insufficient_space", "quota-exceeded"],
  ["insufficient_quota", "quota-exceeded"],
  ["restricted_content", "content-restricted"],
  ["unsupported_file", "content-restricted"],
  ["unsupported_content_type", "content-restricted"],
  ["content_hash_mismatch", "content-wrong"],
  ["payload_too_large", "too-large"],
  ["too_large", "too-large"],
  ["too_many_files", "too-large"],
];

/** What the SDK or `fetch` threw, as ours: classified once, here (S83). */
export function fromRemote(error: unknown, facts: CallFacts): SnapError {
  if (isSnapError(error)) return error;
  if (error instanceof DropboxResponseError) return fromAnswer(error, facts);
  // `fetch` rejects with a TypeError for everything between here and there, and so does a body that breaks off.
  const code = error instanceof SyntaxError ? "server-error" : "offline";
  const reason = code === "offline" ? describeNetwork(error) : "the answer is not understood";
  const hint = certificateHints.get(systemCode(innermost(error)));
  return ours(code, facts, { reason, hint, cause: error });
}

const clockHint =
  "Set the clock of this computer: by the time that it shows, the certificate of the server is not valid.";

const signerHint =
  "If that is a server of your own, or the proxy of your company, name the certificate that it is signed by: export NODE_EXTRA_CA_CERTS=/path/to/ca.crt";

/** What to do about a certificate that was refused: because of what our clock says, or because nobody here knows who signed it. */
const certificateHints: ReadonlyMap<string | undefined, string> = new Map([
  ["CERT_HAS_EXPIRED", clockHint],
  ["CERT_NOT_YET_VALID", clockHint],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", signerHint],
  ["SELF_SIGNED_CERT_IN_CHAIN", signerHint],
  ["UNABLE_TO_GET_ISSUER_CERT", signerHint],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", signerHint],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", signerHint],
]);

type Answer = DropboxResponseError<unknown>;

function fromAnswer(answer: Answer, facts: CallFacts): SnapError {
  const retryAfterSeconds = retryAfter(answer);
  const reason = reasonOf(answer);
  const scope = missingScope(answer);
  const hint = scope === undefined ? rightsHint(answer) : scopeHint(scope);
  return ours(codeOf(answer), facts, { reason, hint, cause: answer, retryAfterSeconds });
}

/** Somebody else decides what is written there: the owner of a shared folder, or a team's administrator. */
const rightsTags = ["no_write_permission", "team_folder", "access_restricted"] as const;

function rightsHint(answer: Answer): string | undefined {
  if (!rightsTags.some((tag) => tagsOf(answer).includes(tag))) return undefined;
  return "Ask the owner of the folder, or the administrator of the team, for the right to change it; or leave it out with snap exclude.";
}

/** What to do where a permission is missing. */
export function scopeHint(scope: string): string {
  return `Tick ${scope} on the Permissions tab of your app at https://www.dropbox.com/developers/apps, press Submit, and run snap login again.`;
}

/**
 * The permission that a call lacks: the token has not got it (401), or the app itself may not ask for it, which a text
 * for developers says (400).
 */
function missingScope(answer: Answer): string | undefined {
  const { status, error } = answer;
  if (status === 401 && tagsOf(answer).includes("missing_scope")) {
    const required = textIn(errorOf(answer) ?? {}, "required_scope") ?? "";
    return /^[a-z_.]{1,100}$/u.test(required) ? required : "the missing permission";
  }
  if (status !== 400 || typeof error !== "string") return undefined;
  return /required scope '([a-z_.]{1,100})'/u.exec(error)?.[1];
}

function codeOf(answer: Answer): ErrorCode {
  const { status } = answer;
  if (status === 429) return "throttled";
  if (status >= 500) return "server-error";
  if (missingScope(answer) !== undefined) return "not-logged-in";
  if (status === 422) return "account-changed";
  if (status === 401) return "login-revoked";
  if (status !== 409 && status !== 404) return "remote-error";
  const tags = tagsOf(answer);
  return codesOfTags.find(([tag]) => tags.includes(tag))?.[1] ?? "remote-error";
}

type Ours = {
  readonly reason: string;
  readonly hint?: string | undefined;
  readonly cause: unknown;
  readonly retryAfterSeconds?: number | undefined;
};

function ours(
  code: ErrorCode,
  facts: CallFacts,
  { reason, cause, retryAfterSeconds, ...own }: Ours,
): SnapError {
  const about = facts.path === undefined ? "" : ` of "${facts.path}"`;
  const hint = own.hint ?? hints[code];
  return new SnapError(code, `${facts.what}${about} failed: ${reason}`, {
    cause,
    ...(hint !== undefined && { hint }),
    ...(facts.path !== undefined && { path: facts.path }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

function reasonOf(answer: Answer): string {
  const scope = missingScope(answer);
  if (scope !== undefined) return `the login does not allow it; it lacks ${scope}`;
  switch (answer.status) {
    case 401:
      return "the login is not valid any more";
    case 429:
      return "too many requests";
    case 422:
      return tagsOf(answer).includes("no_permission")
        ? "the account may not use the root of its team"
        : "the root of the account has changed";
    case 409:
      if (rightsHint(answer) !== undefined) return "the account may not change what is there";
      return tagsOf(answer).join("/") || "the server refused it";
    default:
      return `the server answered ${answer.status}${quoted(answer.error)}`;
  }
}

function quoted(body: unknown): string {
  return typeof body === "string" && body !== "" ? ` (${body.slice(0, quotedMax)})` : "";
}

/** The innermost cause of a `fetch` failure says which host or what broke. */
function describeNetwork(error: unknown): string {
  return `no connection (${describeError(innermost(error))})`;
}

function innermost(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}

/** Seconds from the header, else from the body of a 429 (fact sheet 1.8). */
function retryAfter(answer: Answer): number | undefined {
  const headers: unknown = answer.headers;
  const header = headers instanceof Headers ? headers.get("retry-after") : null;
  if (header !== null && /^\d{1,9}$/u.test(header)) return Number(header);
  return answer.status === 429 ? countIn(errorOf(answer) ?? {}, "retry_after") : undefined;
}

function errorOf(answer: Answer): Shape | undefined {
  const body = answer.error;
  const error = isShape(body) ? body["error"] : undefined;
  return isShape(error) ? error : undefined;
}

function tagsOf(answer: Answer): readonly string[] {
  return membersOf(answer).flatMap((member) => textIn(member, ".tag") ?? []);
}

/** The members of the error union from the outside in; a flattened struct goes on in its `reason`. */
function membersOf(answer: Answer): readonly Shape[] {
  const members: Shape[] = [];
  let current: unknown = errorOf(answer);
  while (isShape(current) && members.length < tagsMax) {
    members.push(current);
    const tag = textIn(current, ".tag");
    const inner: unknown = tag === undefined ? undefined : current[tag];
    current = isShape(inner) ? inner : current["reason"];
  }
  return members;
}

function answerOf(error: unknown): Answer | undefined {
  const cause = isSnapError(error) ? error.cause : error;
  return cause instanceof DropboxResponseError ? cause : undefined;
}

/** Whether an error that came through `fromRemote` carries one of these tags of the server. */
export function hasTag(error: unknown, ...tags: readonly string[]): boolean {
  const answer = answerOf(error);
  return answer !== undefined && tagsOf(answer).some((tag) => tags.includes(tag));
}

/** The HTTP status of the answer that an error was made of. */
export function statusOf(error: unknown): number | undefined {
  return answerOf(error)?.status;
}

/** The offset that an upload session really has, where that was the error. */
export function correctOffset(error: unknown): number | undefined {
  const answer = answerOf(error);
  if (answer === undefined || !hasTag(error, "incorrect_offset")) return undefined;
  const offsets = membersOf(answer).map((member) => countIn(member, "correct_offset"));
  return offsets.find((offset) => offset !== undefined);
}

/** Whether the text of a 400 says that the cursor is none. */
export function isBadCursor(error: unknown): boolean {
  const answer = answerOf(error);
  if (answer?.status !== 400 || typeof answer.error !== "string") return false;
  return answer.error.toLowerCase().includes("cursor");
}

/** Whether the server has no such route, or does not let this app call it: something else has to do the same. */
export function isRouteMissing(error: unknown): boolean {
  const answer = answerOf(error);
  if (answer === undefined) return false;
  if (answer.status === 404) return membersOf(answer).length === 0;
  if (answer.status !== 400 || typeof answer.error !== "string") return false;
  return /unknown api function|not allowed to call this function/iu.test(answer.error);
}

/** Whether a call was too long for the server, or for something in between: in its head, or in its body. */
export function isCallTooLong(error: unknown): boolean {
  const answer = answerOf(error);
  if (answer === undefined) return false;
  if ([413, 414, 431, 494].includes(answer.status)) return true;
  if (answer.status === 400 && typeof answer.error === "string") {
    return /header.{0,40}too (?:large|long|big)/iu.test(answer.error);
  }
  return hasTag(error, "payload_too_large");
}
