import { SnapError } from "../../std/error.ts";

/**
 * A file in what `getfattr --dump` prints and `setfattr --restore` reads. Paths and names are bytes, one a character
 * (latin1), so that none is lost; values are base64.
 */
export type DumpedFile = {
  readonly path: string;
  readonly attributes: readonly (readonly [name: string, value: string])[];
};

/** Bytes that the two programs write as three octal digits: in a path, and in a name of an attribute. */
const quotedInPath = /[\\\n\r]/gu;
const quotedInName = /[\\\n\r=]/gu;

const fileMark = "# file: ";
const base64Mark = "0s";

/**
 * The output of `getfattr --dump --encoding=base64` (attr 2.5): for each file that has attributes a line with its path, then a line for
 * each, then an empty one.
 *
 * @throws {SnapError} `unexpected` for anything else
 */
export function parseAttributeDump(dump: Uint8Array): readonly DumpedFile[] {
  const files: { path: string; attributes: [string, string][] }[] = [];
  for (const line of Buffer.from(dump).toString("latin1").split("\n")) {
    if (line === "") continue;
    if (line.startsWith(fileMark)) {
      files.push({ path: unquote(line.slice(fileMark.length)), attributes: [] });
      continue;
    }
    const last = files.at(-1);
    if (last === undefined) throw notUnderstood(line);
    last.attributes.push(attributeOf(line));
  }
  return files;
}

/** A value that is empty has no encoding. */
function attributeOf(line: string): [string, string] {
  const end = line.indexOf("=");
  const value = end < 0 ? "" : line.slice(end + 1);
  if (value !== "" && !value.startsWith(base64Mark)) throw notUnderstood(line);
  return [unquote(end < 0 ? line : line.slice(0, end)), value.slice(base64Mark.length)];
}

function notUnderstood(line: string): SnapError {
  return new SnapError("unexpected", `The program getfattr wrote "${line.slice(0, 80)}"`, {
    hint: "snap knows the one of Debian's package attr.",
  });
}

/** What `setfattr --restore=-` reads. Access lists come last: they may take away the right to set the others. */
export function attributeDump(files: readonly DumpedFile[]): Uint8Array {
  const text = files.map(({ path, attributes }) => {
    const lines = attributes
      .toSorted(([a], [b]) => Number(isList(a)) - Number(isList(b)))
      .map((attribute) => `${lineOf(attribute)}\n`);
    return `${fileMark}${quote(path, quotedInPath)}\n${lines.join("")}\n`;
  });
  return Buffer.from(text.join(""), "latin1");
}

/** setfattr 2.5.1 refuses an empty value in base64, unless it read a longer one before; without any it sets one. */
function lineOf([name, value]: DumpedFile["attributes"][number]): string {
  const quoted = quote(name, quotedInName);
  return value === "" ? quoted : `${quoted}=${base64Mark}${value}`;
}

function isList(name: string): boolean {
  return name.startsWith("system.");
}

/** What went wrong with one of the files that were asked for. */
export type AttributeTrouble = { readonly path: string; readonly reason: string };

/**
 * The complaints of `getfattr` in the language `C`: `getfattr: PATH: REASON` where nothing of a file could be read, `PATH: NAME: REASON`
 * where one attribute could not. Of a line about none of the files the path is undefined.
 */
export function attributeTroubles(
  complaints: string,
  paths: readonly string[],
): readonly (AttributeTrouble | { readonly path: undefined; readonly reason: string })[] {
  const byQuoted = new Map(paths.map((path) => [quote(path, quotedInPath), path]));
  const lines = complaints.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const said = line.replace(/^getfattr: /u, "");
    // From the end: a path may begin with another one.
    for (let end = said.lastIndexOf(": "); end > 0; end = said.lastIndexOf(": ", end - 1)) {
      const path = byQuoted.get(said.slice(0, end));
      if (path !== undefined) return { path, reason: said.slice(end + 2) };
    }
    return { path: undefined, reason: said };
  });
}

function quote(text: string, characters: RegExp): string {
  return text.replace(
    characters,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

function unquote(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/gu, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Bytes, one a character, as the text that they are; undefined where they are none. */
export function decodeText(bytes: string): string | undefined {
  const buffer = Buffer.from(bytes, "latin1");
  const text = buffer.toString("utf8");
  return Buffer.from(text).equals(buffer) ? text : undefined;
}
