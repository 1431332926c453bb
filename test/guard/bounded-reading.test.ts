/** Much can be made of little: one file may have many names, and a file may be vast and empty (G3, G32, G40). */
import { execFileSync } from "node:child_process";
import { linkSync, truncateSync, writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { conversionsOf } from "../../src/guard/attributes.ts";
import { lookAtFiles } from "../../src/guard/damage-files.ts";
import { readPieces } from "../../src/guard/read-only.ts";
import { Scratch } from "./repositories.ts";

vi.setConfig({ testTimeout: 60_000 });

test("G34: attributes are read up to a bound, and what lies beyond may name any filter", () => {
  using scratch = new Scratch();
  scratch.write("some", `${"# nothing\n".repeat(6_000)}`);
  let asked = 0;
  function* names(count: number): Generator<Buffer> {
    for (; asked < count; asked += 1) yield Buffer.from(scratch.at("some"));
  }
  expect(conversionsOf(names(100), [])).toEqual({
    filters: false,
    lfs: false,
    unread: false,
    builtIn: false,
  });
  expect(conversionsOf(names(10_000), [])).toMatchObject({ filters: true });
  expect(asked).toBeLessThan(1_000);
});

test("G40: of many copies of a list of refs all are told, and some are read", () => {
  using scratch = new Scratch();
  scratch.write("packed-refs", `${"a".repeat(40)} refs/heads/x\n`);
  for (let at = 0; at < 100; at += 1) {
    linkSync(
      scratch.at("packed-refs"),
      scratch.at(`packed-refs (HOST${at}'s conflicted copy 2024-05-01)`),
    );
  }
  const evidence = lookAtFiles(Buffer.from(scratch.top));
  expect(evidence).toHaveLength(100);
  expect(evidence.filter(({ oids }) => oids !== undefined)).toHaveLength(64);
});

test("G33: what is copied into a shadow is bounded as a whole", async () => {
  using scratch = new Scratch();
  scratch.base();
  for (const digit of ["a", "b", "c"]) {
    const shared = scratch.at(`.git/sharedindex.${digit.repeat(40)}`);
    writeFileSync(shared, "");
    truncateSync(shared, 100 * 1024 * 1024);
  }
  const { findings } = await scratch.check(scratch.top, { engine: "git" });
  expect(findings[0]?.facts?.work.staged).toEqual({
    precision: "notComputed",
    reason: "index-not-read",
  });
});

test("G3: nothing but a regular file is opened to be read through", () => {
  using scratch = new Scratch();
  execFileSync("mkfifo", [scratch.at("pipe")]);
  for (const path of [scratch.at("pipe"), "/dev/zero", scratch.top, scratch.at("gone")]) {
    expect(readPieces(Buffer.from(path), () => expect.unreachable())).toBe(false);
  }
});
