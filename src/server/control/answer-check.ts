import { assert } from "../../std/assert.ts";
import { describeError } from "../../std/error.ts";
import type { Definition, RouteType, TypeUse } from "../wire/definition.ts";
import type { Json } from "../wire/failure.ts";
import { Schema, isObject } from "../wire/schema.ts";

/**
 * Checks what is about to be sent against the definition (V4): every result and every error of a route, in the strict
 * form, where a `.tag` stands exactly where a base or a union is declared, and files say that they can be downloaded.
 */
export class AnswerCheck {
  readonly #schema: Schema;

  constructor(definition: Definition) {
    this.#schema = new Schema(withDownloadable(definition), "response");
  }

  /** What is wrong with an answer of a route; undefined when it fits. The answer can still be sent afterwards. */
  async misfit(type: RouteType, answer: Response): Promise<string | undefined> {
    try {
      if (answer.status === 409) this.#checkError(type, await jsonText(answer));
      else if (answer.ok) this.#checkValue(type.result, await resultText(type, answer));
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  #checkError(type: RouteType, text: string): void {
    assert(type.error !== null, "only a route with an error type answers 409");
    const envelope: Json = JSON.parse(text);
    assert(isObject(envelope), "an error has an envelope");
    const { error_summary: summary, error, user_message: userMessage, ...others } = envelope;
    assert(Object.keys(others).length === 0, "an error has no members of its own making");
    assert(userMessage === undefined || isObject(userMessage), "a user message has its locale");
    this.#schema.check(type.error, error);
    const name = isObject(error) ? error[".tag"] : undefined;
    assert(isSummaryOf(summary, name), "the summary of an error begins with its tag");
  }

  #checkValue(use: TypeUse | null, text: string): void {
    if (use === null) assert(text === "null", "a Void result is null");
    else this.#schema.check(use, JSON.parse(text));
  }
}

/** One SDK reads the absence of this member as false, so files always have it, although the definition lets it go. */
function withDownloadable(definition: Definition): Definition {
  const name = "files.FileMetadata";
  const file = definition.types[name];
  assert(file?.kind === "struct", `${name} is a struct`);
  const fields = { ...file.fields, is_downloadable: { type: "Boolean" as const } };
  return { ...definition, types: { ...definition.types, [name]: { ...file, fields } } };
}

function isSummaryOf(summary: Json | undefined, name: Json | undefined): boolean {
  if (typeof summary !== "string" || typeof name !== "string") return false;
  return /^[a-z_]+(\/[a-z_]+)*\/\.{0,3}$/.test(summary) && summary.startsWith(`${name}/`);
}

async function resultText(type: RouteType, answer: Response): Promise<string> {
  if (type.style !== "download") return await jsonText(answer);
  const header = answer.headers.get("dropbox-api-result");
  assert(header !== null, "a download has its result in a header");
  return checkedAscii(header);
}

async function jsonText(answer: Response): Promise<string> {
  assert(
    answer.headers.get("content-type") === "application/json",
    "the content type of JSON is application/json",
  );
  return checkedAscii(await answer.clone().text());
}

function checkedAscii(text: string): string {
  assert(/^[\x20-\x7e]*$/.test(text), "JSON is ASCII");
  return text;
}
