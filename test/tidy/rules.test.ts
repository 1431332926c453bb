import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { sources } from "./sources.ts";

const docs = path.join(import.meta.dirname, "../../docs");

/** The page that defines the rules of each letter. */
const pages: Readonly<Record<string, string>> = {
  S: "sync-model.md",
  P: "sync-model.md",
  N: "snapshot-format.md",
  T: "restore-procedure.md",
  V: "server.md",
  G: "guard.md",
  X: "security.md",
};

/** Looks like a rule and is none: the name of a method of PKCE (RFC 7636). */
const noRules: ReadonlySet<string> = new Set(["S256"]);

describe("rules that the code cites", () => {
  const cited = sources("src/**/*.ts").flatMap(({ file, text }) =>
    citations(text).map((rule) => ({ file, rule })),
  );

  test("are defined, and in force, in the page of their letter", () => {
    const inForce = new Map(Object.keys(pages).map((letter) => [letter, rulesOf(letter).inForce]));
    const unknown = cited
      .filter(({ rule }) => inForce.get(rule.charAt(0))?.includes(rule) !== true)
      .map(({ file, rule }) => `${file} cites ${rule}`);
    expect([...new Set(unknown)]).toEqual([]);
  });

  test("are of every letter, so the search finds them", () => {
    const letters = new Set(cited.map(({ rule }) => rule.charAt(0)));
    expect([...letters].toSorted()).toEqual(Object.keys(pages).toSorted());
  });
});

test.each(Object.entries(pages))("each %s rule is defined once in %s", (letter) => {
  const { inForce, notThereYet } = rulesOf(letter);
  const all = [...inForce, ...notThereYet];
  expect(all.filter((rule, index) => all.indexOf(rule) !== index)).toEqual([]);
  expect(inForce.length).toBeGreaterThan(0);
});

test("sections of the fact sheet that are cited are there", () => {
  const page = readFileSync(path.join(docs, "dropbox-api.md"), "utf8");
  const there = new Set([...page.matchAll(/^##+ ([\d.]+\d|\d)/gm)].map(([, section]) => section));
  const cited = sources("{src,test}/**/*.ts").flatMap(({ text }) =>
    [...text.matchAll(/fact sheet (\d+(?:\.\d+)?)/g)].flatMap(([, section]) => section ?? []),
  );
  expect(cited.length).toBeGreaterThan(0);
  expect([...new Set(cited)].filter((section) => !there.has(section))).toEqual([]);
});

test("the security page names test files that are there", () => {
  const page = readFileSync(path.join(docs, "security.md"), "utf8");
  const named = [...page.matchAll(/`([\w-]+(?:\/[\w-]+)+)`/g)].flatMap(([, name]) => name ?? []);
  const files = new Set(sources("test/**/*.test.ts").map(({ file }) => file));
  expect(named.filter((name) => !files.has(`test/${name}.test.ts`))).toEqual([]);
  expect(named.length).toBeGreaterThan(0);
});

describe("the search", () => {
  test.each([
    [
      "/** As S36–S46, S116-S118 and N20-22 say (V34; X2, T8). */",
      "S36 S46 S116 S118 N20 N22 V34 X2 T8",
    ],
    ["// Never lost (P1).", "P1"],
    ["const id = `S1${T18}`; // and here G4", "G4"],
    ["/** PKCE by S256, at 2026-11-20T18:00, U+2028, id:S9x, AS12 */", ""],
  ])("%s", (text, found) => {
    expect(citations(text).join(" ")).toBe(found);
  });

  test("a definition opens a list item or a row of a table, and may be not there yet", () => {
    const page =
      "- **S1** One\n\nSee **S2**.\n| **S3** | three |\n## Not there yet\n- **S4** Four\n";
    expect(definitions(page, "S")).toEqual({ inForce: ["S1", "S3"], notThereYet: ["S4"] });
  });
});

/** Rules named in the comments of a source text; a range stands for its two ends. */
function citations(text: string): readonly string[] {
  const comments = text.match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm) ?? [];
  const forms = comments.flatMap((comment) => [
    ...comment.matchAll(/\b([SNTVGXP])(\d{1,3})\b(?:[–-]\1?(\d{1,3})\b)?/g),
  ]);
  return forms
    .flatMap(([, letter = "", first, last]) =>
      [first, last].flatMap((number) => (number === undefined ? [] : `${letter}${number}`)),
    )
    .filter((rule) => !noRules.has(rule));
}

type Definitions = {
  readonly inForce: readonly string[];
  /** Decided, not built: code that cites one belies the page. */
  readonly notThereYet: readonly string[];
};

function rulesOf(letter: string): Definitions {
  return definitions(readFileSync(path.join(docs, pages[letter] ?? ""), "utf8"), letter);
}

/** Rules of one letter in bold at the start of a list item or a table row. */
function definitions(page: string, letter: string): Definitions {
  const [before = "", after = ""] = page.split(/^## Not there yet$/m);
  const rulesIn = (part: string): readonly string[] =>
    [...part.matchAll(/^(?:[-*]|\|) \*\*([A-Z]\d{1,3})\*\*/gm)]
      .flatMap(([, rule]) => rule ?? [])
      .filter((rule) => rule.startsWith(letter));
  return { inForce: rulesIn(before), notThereYet: rulesIn(after) };
}
