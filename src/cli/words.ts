import type { ArgumentsCamelCase } from "yargs";
import { SnapError } from "../std/error.ts";

/** Words that are lists by themselves. */
const lists: readonly string[] = ["_", "--", "tag", "paths", "patterns", "values"];

/**
 * Refuse what would otherwise be misunderstood in silence: an option given twice, and one given as an empty text, as
 * a script with an unset variable does.
 *
 * @param repeatable options of this command that may be given several times
 * @throws {SnapError} `usage`
 */
export function refuseOddWords(
  given: ArgumentsCamelCase,
  repeatable: readonly string[] = [],
): void {
  for (const [name, value] of Object.entries(given)) {
    if (Array.isArray(value) && ![...lists, ...repeatable].includes(name)) {
      throw new SnapError("usage", `--${name} was given more than once`, {
        hint: "Give it once.",
      });
    }
    if (value === "" && name !== "folder" && name !== "remote") {
      throw new SnapError("usage", `The value of "${name}" is empty`, {
        hint: "Give a value, or leave it out; is a variable of the script unset?",
      });
    }
  }
}

/** Stands for a word that is only a dash, which the parser would lose; no word of a command line can hold a NUL. */
const dash = "\0-";

/** The words of a command line in a form that the parser keeps. */
export function withHiddenDashes(words: readonly string[]): readonly string[] {
  return words.map((word) => (word === "-" ? dash : word));
}

/** What was read of such words, with its dashes. */
export function withDashes(given: ArgumentsCamelCase): ArgumentsCamelCase {
  const shown = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shown);
    return value === dash ? "-" : value;
  };
  const entries = Object.entries(given).map(([name, value]) => [name, shown(value)]);
  return { ...given, ...Object.fromEntries(entries) };
}

/**
 * Words behind `--` are never options: they fill the places that the command's own line names, in their order.
 *
 * @param line of the command, like `restore [snapshot] [paths..]`
 * @throws {SnapError} `usage` for more words than there are places
 */
export function withPlainWords(given: ArgumentsCamelCase, line: string): ArgumentsCamelCase {
  const plain = given["--"];
  if (!Array.isArray(plain) || plain.length === 0) return given;
  const words = plain.map(String);
  const filled: Record<string, unknown> = {};
  for (const place of placesOf(line)) {
    if (place.isMany) {
      const before: unknown = given[place.name];
      filled[place.name] = [...(Array.isArray(before) ? before : []), ...words.splice(0)];
    } else if (given[place.name] === undefined && words.length > 0) {
      filled[place.name] = words.shift();
    }
  }
  if (words.length > 0) {
    throw new SnapError("usage", `Too many words behind --: "${words.join('" "')}"`, {
      hint: "`snap help COMMAND` tells which words a command takes.",
    });
  }
  return { ...given, ...filled };
}

function placesOf(line: string): readonly { readonly name: string; readonly isMany: boolean }[] {
  return [...line.matchAll(/[[<](\w+)(\.\.)?[\]>]/g)].map(([, name = "", many]) => ({
    name,
    isMany: many !== undefined,
  }));
}
