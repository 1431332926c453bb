import { expect, test } from "vitest";
import type { NewApp } from "../../src/server/serve.ts";
import { CheckedServer } from "../support/checked-server.ts";

test("V15: apps are registered, listed and removed; a secret is not told", async () => {
  await using checked = await CheckedServer.open();
  const { server } = checked;
  expect(server.apps()).toEqual([]);
  const notes = {
    key: "notes",
    name: "Notes",
    secret: "s3cret",
    folder: "Caf\u0065\u0301",
    scopes: ["files.content.read", "files.content.read"],
    redirects: ["https://notes.example/back", "http://[::1]:99/"],
  };
  const told = {
    key: "notes",
    name: "Notes",
    hasSecret: true,
    folder: "Caf\u00e9",
    scopes: ["files.content.read"],
    redirects: notes.redirects,
  };
  expect(server.addApp(notes)).toEqual(told);
  const plain = server.addApp({ key: "full" });
  expect(plain).toMatchObject({ name: "full", hasSecret: false, folder: undefined, redirects: [] });
  expect(plain.scopes).toContain("files.metadata.write");
  expect(server.apps()).toEqual([plain, told]);
  server.removeApp("notes");
  expect(server.apps()).toEqual([plain]);
  expect(() => server.removeApp("notes")).toThrow(/no app "notes"/);
});

test.each<[string, NewApp]>([
  ["an app key", { key: "" }],
  ["an app key", { key: "a b" }],
  ["an app key", { key: "x".repeat(65) }],
  ["an app's name", { key: "k", name: " " }],
  ["an app's name", { key: "k", name: "a\nb" }],
  ["an app's name", { key: "k", name: "\u202egnp.exe" }],
  ["an app's name", { key: "k", name: "x".repeat(101) }],
  ["a secret", { key: "k", secret: "" }],
  ["a secret", { key: "k", secret: "a+b" }],
  ...[
    "",
    ".",
    "..",
    "a/b",
    "a\\b",
    "a\0",
    "a ",
    "Desktop.ini",
    "x".repeat(256),
    "\ud800",
    "a\u202eb",
  ].map((folder): [string, NewApp] => ["an app folder", { key: "k", folder }]),
  ["the scope is not known", { key: "k", scopes: ["team_data.member"] }],
  ["needs a scope", { key: "k", scopes: [] }],
  ...[
    "",
    "/back",
    "ftp://localhost/",
    "http://notes.example/",
    "javascript:alert(1)",
    "https://a@notes.example/",
    "https://notes.example/#x",
    "https://notes.example/ x",
    "https://notes.example\\x",
    "https://",
    "https://é.example/",
  ].map((uri): [string, NewApp] => ["a redirect", { key: "k", redirects: [uri] }]),
])("V15: %s has a form: %j", async (rule, app) => {
  await using checked = await CheckedServer.open();
  expect(() => checked.server.addApp(app)).toThrow(rule);
  expect(checked.server.apps()).toEqual([]);
});

test("V15: neither a key nor a folder is given twice", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "one", folder: "Notes" });
  expect(() => checked.server.addApp({ key: "one" })).toThrow(/registered already/);
  expect(() => checked.server.addApp({ key: "two", folder: "NOTES" })).toThrow(/belongs to/);
  expect(checked.server.apps()).toHaveLength(1);
});
