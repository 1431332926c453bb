import { lstatSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DropboxBox } from "../support/dropbox-box.ts";
import { Box } from "../support/snap-process.ts";

/** Every file below a folder, by its path in it. */
function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true }).map(String);
  const files = names.filter((name) => lstatSync(path.join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(path.join(folder, name))]));
}

const content = "canary of a content that only its file may hold";

test("X14, X15: a token is in its own file and nowhere else, a content in no index, log or answer", async () => {
  using box = new Box();
  const told: string[] = [];
  const run = async (exit: number, ...words: readonly string[]): Promise<void> => {
    for (const form of [[], ["--json"], ["--verbose"]]) {
      const { stdout, stderr } = await box.expectExit(exit, ...words, ...form);
      told.push(stdout, stderr);
    }
  };
  box.write("d/a", content);
  await run(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await run(0, "sync");
  box.write("d/a", `${content}, edited`);
  await run(0, "sync", "--dry-run");
  await run(0, "sync");
  for (const words of [["status"], ["history"], ["check", "--rehash"], ["account"]]) {
    await run(0, ...words);
  }
  await run(2, "exclude", "add", "missing");
  const secrets = filesIn(path.join(box.home, "secrets"));
  const tokens = [...secrets.values()].map((bytes) => bytes.toString().trim());
  expect(tokens.length).toBeGreaterThan(0);
  for (const token of tokens) {
    expect(token.length).toBeGreaterThan(16);
    for (const text of told) expect(text).not.toContain(token);
    const holders = [...filesIn(box.top)].filter(([, bytes]) => bytes.includes(token));
    expect(holders.map(([name]) => path.dirname(name))).toEqual(["home/secrets"]);
  }
  for (const text of told) expect(text).not.toContain(content);
  const holders = [...filesIn(path.join(box.home, "workspaces"))];
  expect(holders.filter(([name]) => name.endsWith("index.db"))).toHaveLength(1);
  expect(holders.filter(([, bytes]) => bytes.includes(content))).toEqual([]);
});

test("X14, X15: of a login to Dropbox the code is in no file, each token in its own, and none of them in a word", async () => {
  await using dropbox = await DropboxBox.open();
  const told: string[] = [];
  let code = "";
  const login = await dropbox.login(
    async ({ url }) => {
      code = await dropbox.allow(url);
      return code;
    },
    { words: ["--verbose"] },
  );
  told.push(JSON.stringify(login.events.filter(({ type }) => type !== "authorize")));
  dropbox.box.write("a", content);
  for (const words of [
    ["link", ".", "/w"],
    ["sync"],
    ["account"],
    ["start"],
    ["status", "--wait"],
  ]) {
    const { stdout, stderr } = await dropbox.expectExit(0, ...words, "--verbose");
    told.push(stdout, stderr);
  }
  dropbox.box.write("b", content);
  for (const words of [["status", "--wait"], ["doctor"], ["log"], ["stop"]]) {
    const { stdout, stderr } = await dropbox.expectExit(0, ...words, "--json");
    told.push(stdout, stderr);
  }
  const [token = ""] = dropbox.secrets();
  const files = [...filesIn(dropbox.box.home)];
  const holding = (text: string): readonly string[] =>
    files.filter(([, bytes]) => bytes.includes(text)).map(([name]) => path.dirname(name));
  expect(code.length).toBeGreaterThan(16);
  expect(holding(token)).toEqual(["secrets"]);
  expect(holding(code)).toEqual([]);
  // Every access token begins so, and nothing else does.
  const access = /\bsl\.[\w-]{20}/u;
  const kept = files.filter(([, bytes]) => access.test(bytes.toString("latin1")));
  expect(kept.map(([name]) => path.dirname(name))).toEqual(["secrets"]);
  for (const text of told) {
    expect(text).not.toContain(token);
    expect(text).not.toContain(code);
    expect(text).not.toMatch(access);
  }
});
