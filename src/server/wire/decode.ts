import { Argument } from "./argument.ts";
import { Body } from "./body.ts";
import type { RouteType } from "./definition.ts";
import { BadCall } from "./failure.ts";
import type { Json } from "./failure.ts";
import type { Limits } from "../limits.ts";
import type { Route } from "./routes.ts";
import { isObject } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { parseJson, utf8Text } from "./answer.ts";

/** What a call is decoded with. */
export type Decoder = {
  readonly schema: Schema;
  readonly limits: Limits;
  /** The caller's own, which names its root too; undefined where no account calls. */
  readonly namespace: number | undefined;
};

const corsHack = "text/plain; charset=dropbox-cors-hack";

/** Content types that a style takes (fact sheet 1.6); none is fine but for uploads. */
const contentTypes: Readonly<Record<RouteType["style"], readonly string[]>> = {
  rpc: ["application/json", "application/json; charset=utf-8", corsHack],
  upload: ["application/octet-stream", corsHack],
  download: ["application/octet-stream", "text/plain", "text/plain; charset=utf-8", corsHack],
};

/**
 * The argument of a call, checked against the definition (V3).
 *
 * @throws {BadCall} with the texts of fact sheet 1.9.
 */
export async function decodeArgument(
  request: Request,
  { type, route }: { readonly type: RouteType; readonly route: Route },
  { schema, limits, namespace }: Decoder,
): Promise<Argument> {
  checkContentType(request, type);
  const { place, bytes } = await argumentBytes(request, type, limits);
  try {
    const text = utf8Text(bytes);
    const value = type.arg === null ? voidArgument(text) : parseJson(text);
    checkListedRoot(value, type);
    checkRoot(value, route.neverRoot ?? [], namespace);
    return new Argument(type.arg === null ? {} : schema.check(type.arg, value));
  } catch (error) {
    throw error instanceof BadCall ? new BadCall(`${place}: ${error.message}`) : error;
  }
}

function checkContentType(request: Request, type: RouteType): void {
  const given = request.headers.get("content-type") ?? "";
  if (type.arg === null || (given === "" && type.style !== "upload")) return;
  const accepted = contentTypes[type.style];
  if (accepted.includes(given.toLowerCase().replace(/;\s*/, "; "))) return;
  throw new BadCall(
    `Bad HTTP "Content-Type" header: "${given}".  Expecting one of ${quoted(accepted)}.`,
  );
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}

type ArgumentBytes = { readonly place: string; readonly bytes: Uint8Array };

async function argumentBytes(
  request: Request,
  type: RouteType,
  limits: Limits,
): Promise<ArgumentBytes> {
  if (type.style === "rpc") {
    return { place: "request body", bytes: await rpcBody(request, limits) };
  }
  if (type.style === "download") await checkEmptyBody(request);
  const header = request.headers.get("dropbox-api-arg");
  if (header !== null) {
    // One SDK sends raw UTF-8 here, which `Headers` shows byte by byte (fact sheet 1.3).
    return { place: 'HTTP header "Dropbox-API-Arg"', bytes: Buffer.from(header, "latin1") };
  }
  const parameter = new URL(request.url).searchParams.get("arg");
  if (parameter !== null) return { place: 'URL parameter "arg"', bytes: Buffer.from(parameter) };
  throw new BadCall('Must provide HTTP header "Dropbox-API-Arg" or URL parameter "arg".');
}

async function rpcBody(request: Request, limits: Limits): Promise<Uint8Array> {
  const bytesMax = limits.rpcBodyBytesMax;
  const tooLong = (): Error => new BadCall(`request body: longer than ${bytesMax} bytes`);
  const body = new Body(request, { bytesMax, tooLong });
  return body.rest();
}

async function checkEmptyBody(request: Request): Promise<void> {
  const tooLong = (): Error => new BadCall("The request body is supposed to be empty, but isn't.");
  await new Body(request, { bytesMax: 0, tooLong }).rest();
}

/** Nothing, `null` and `{}` are all no argument (fact sheet 1.5; Choice 1). */
function voidArgument(text: string): Json {
  const value = text.trim() === "" ? null : parseJson(text);
  if (value === null) return null;
  if (!isObject(value)) throw new BadCall("expected null");
  const [unknown] = Object.keys(value);
  if (unknown !== undefined) throw new BadCall(`unknown field '${unknown}'`);
  return null;
}

/** The root has texts of its own, which come before the pattern is looked at. */
function checkListedRoot(value: Json, type: RouteType): void {
  if (type.arg?.ref === "files.ListFolderArg" && memberAt(value, "path") === "/") {
    throw new BadCall('path: Specify the root folder as an empty string rather than as "/".');
  }
}

/** In every form of it: nothing but slashes, and the own namespace in front (Choice 4). */
function checkRoot(value: Json, places: readonly string[], namespace: number | undefined): void {
  for (const place of places) {
    const path = memberAt(value, place);
    const below = path?.startsWith(`ns:${namespace}`) ? path.slice(`ns:${namespace}`.length) : path;
    if (below !== undefined && /^\/*$/.test(below)) {
      throw new BadCall(`${place}: The root folder is unsupported.`);
    }
  }
}

/** The text at a dotted place of a value that is not checked yet. */
function memberAt(value: Json, place: string): string | undefined {
  let found: Json | undefined = value;
  for (const name of place.split(".")) found = isObject(found) ? found[name] : undefined;
  return typeof found === "string" ? found : undefined;
}
