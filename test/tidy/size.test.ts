import { expect, test } from "vitest";
import { sources } from "./sources.ts";

const linesMax = 300;

test("no file of ours is longer than 300 lines", () => {
  const long = [...sources("src/**/*.{ts,cjs}"), ...sources("{test,scripts}/**/*.ts")]
    .map((source) => ({ file: source.file, lines: source.text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > linesMax);
  expect(long).toEqual([]);
});

test("names say what a file holds: no utils, helpers, types, common, manager", () => {
  const vague = sources("src/**/*.ts").filter(({ file }) =>
    /(^|[/-])(utils?|helpers?|types|common|manager)[.-]/.test(file.replace("src/", "")),
  );
  expect(vague.map(({ file }) => file)).toEqual([]);
});

test("every exported declaration of the source has a docstring", () => {
  const bare = sources("src/**/*.ts").flatMap(({ file, text }) => {
    const lines = text.split("\n");
    return lines.flatMap((line, index) => {
      if (!/^export (async )?(abstract )?(function\*?|class|const|type|interface) \w/.test(line))
        return [];
      const before = lines[index - 1] ?? "";
      const documented =
        /\*\/\s*$/.test(before) ||
        before.startsWith("// oxlint-disable") ||
        isOverload(line, before);
      return documented ? [] : [`${file}:${index + 1}`];
    });
  });
  expect(bare).toEqual([]);
});

/** A second signature of the same function shares the docstring of the first. */
function isOverload(line: string, before: string): boolean {
  const name = /function\*? (\w+)/.exec(line)?.[1];
  return name !== undefined && before.includes(`function ${name}(`);
}
