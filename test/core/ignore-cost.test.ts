import { expect, test } from "vitest";
import { rulesOf } from "../../src/core/ignore.ts";
import { parseRelPath, pathBytesMax, pathDepthMax } from "../../src/core/path/rel-path.ts";

/** A hundredth of what three `**` in a row once took, and ten times what the worst accepted line takes. */
const cpuSecondsMax = 1;

/** The longest path of the deepest kind (X13), and those with longer names in fewer folders. */
const paths = [pathDepthMax, 64, 16].map((depth) =>
  Array.from({ length: depth }, () => "a".repeat(Math.min(255, pathBytesMax / depth - 1))).join(
    "/",
  ),
);

test.each([
  "**/*a*a*a/**/c",
  "*a*a*a/**/*a*a*a/**/c",
  "**/*a*a*a/**/*a*a*b/**",
  "*a*a*b/*a*a*b/*a*a*b/*a*a*b",
  `**/${"*a*a*a/".repeat(100)}c`,
  `**/${"?".repeat(100)}*a*a*b/**/c`,
  `**/${"[a-z]".repeat(40)}*[a-z]*[a-z]*b/**/c`,
  "!**/*a*a*a/**/c",
])("X24: the longest names are soon asked about with the accepted line %s", (line) => {
  const before = process.cpuUsage();
  for (const path of paths) rulesOf(`x\n${line}`).ignores(parseRelPath(path), "file");
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000_000).toBeLessThan(cpuSecondsMax);
});

test.each(["**/*a*a*a/**/*a*a*a/**/c", "**/a/**/b/**/c", "a/**/b/**/c/**/d", "**/**/**/x"])(
  "X24: the line %s is refused, since each folder of a path may be where each part of it ends",
  (line) => {
    expect(() => rulesOf(`ok\n${line}`)).toThrow(
      expect.objectContaining({ message: expect.stringContaining("line 2:") }),
    );
  },
);

test.each(["**/a/**/b/**", "**/a/**/b/**/", "**/**/x", "a/**/b/**"])(
  "X24: the line %s is accepted",
  (line) => {
    expect(() => rulesOf(line)).not.toThrow();
  },
);
