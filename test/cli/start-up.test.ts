import path from "node:path";
import { expect, test } from "vitest";
import yargs from "yargs";
import { commandsFor } from "../../src/cli/commands.ts";
import { Box } from "../support/snap-process.ts";

const counter = path.join(import.meta.dirname, "../support/count-modules.mjs");
const teller = path.join(import.meta.dirname, "../support/tell-young.mjs");

/** The files and packages that a command loads, asked of the runtime itself. */
async function loadedBy(box: Box, words: readonly string[]): Promise<readonly string[]> {
  const ended = await box.snap(words, { env: { NODE_OPTIONS: `--import=${counter}` } });
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stderr
    .split("\n")
    .filter((line) => line.startsWith("loaded "))
    .map((line) => line.slice("loaded ".length));
}

test("a command is put together from few files, and loads what it needs alone", async () => {
  using box = new Box();
  box.write("a.txt", "one");
  for (const words of [["version"], ["list"], ["capture"]]) {
    const loaded = await loadedBy(box, words);
    expect(loaded.filter((file) => file.endsWith("/main.js"))).toHaveLength(1);
    expect(loaded.length, words.join(" ")).toBeLessThan(150);
    expect(loaded.filter((file) => /\/(?:zod|yargs|dropbox|isomorphic-git)\//u.test(file))).toEqual(
      [],
    );
  }
});

test("S106: the young objects of a command have the room that it was loaded with, and no more", async () => {
  using box = new Box();
  for (let file = 0; file < 2_000; file += 1) box.write(`d${file % 20}/${file}`, `${file}`);
  await box.snap(["capture"]);
  const ended = await box.snap(["verify"], { env: { NODE_OPTIONS: `--import=${teller}` } });
  const young = Number(/^young (\d+)$/mu.exec(ended.stderr)?.[1]);
  expect(young, ended.stderr).toBeGreaterThan(2 * 1024);
  expect(young).toBeLessThanOrEqual(8 * 1024);
});

test("help is in English under any locale, as the rest of the program is", async () => {
  using box = new Box();
  const { stdout } = await box.snap(["list", "--help"], { env: { LC_ALL: "de_DE.UTF-8" } });
  expect(stdout).toContain("Options:");
  expect(stdout).not.toContain("Optionen:");
});

test("help holds only characters of one column, as the program measures it", async () => {
  for (const { command, describe, builder, subcommands = [] } of await commandsFor([])) {
    const below = subcommands.map((one) => `${one.command} ${one.describe}`);
    const help = [describe, await builder(yargs([])).getHelp(), ...below].join("\n");
    expect(help, command).toMatch(/^[\0-\u02ff\u2010-\u2027\u2190-\u22ff]+$/u);
  }
});
