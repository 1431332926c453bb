import { describe, expect, test } from "vitest";
import { contentPaths, isForeignReadable } from "../../src/server/front/cors.ts";
import {
  checkBinding,
  hostOf,
  isServed,
  parseServedName,
  servedHosts,
} from "../../src/server/front/hosts.ts";

const hosts = servedHosts(["box.test", "192.168.1.5", "2001:db8::7"]);

describe("V77: a host that is served", () => {
  test.each([
    "localhost",
    "localhost:8443",
    "LocalHost.:8443",
    "deep.localhost:1",
    "127.0.0.1:8443",
    "127.8.9.10",
    "[::1]:8443",
    "[0:0:0:0:0:0:0:1]",
    "api.dropboxapi.com",
    "API.DropboxAPI.com:443",
    "content.dropboxapi.com",
    "api-content.dropbox.com",
    "notify.dropboxapi.com",
    "bolt.dropboxapi.com",
    "www.dropbox.com",
    "meta.dropbox.com",
    "dropbox.com",
    "dl.dropboxusercontent.com",
    "box.test:9",
    "api-box.test",
    "api-content-box.test",
    "bolt-box.test",
    "meta-box.test",
    "api.box.test",
    "content.box.test",
    "192.168.1.5:8443",
    "[2001:db8:0::7]:8443",
  ])("%s", (header) => {
    expect(isServed(header, hosts)).toBe(true);
  });
});

describe("V77: a host that is turned away", () => {
  test.each([
    "",
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil-localhost",
    "api.dropboxapi.com.evil.example",
    "evil.dropboxapi.com",
    "xapi.dropboxapi.com",
    "evil.box.test",
    "evil-box.test",
    "192.168.1.6",
    "0.0.0.0",
    "128.0.0.1",
    "[::2]",
    "[::]",
    "::1",
    "user@localhost",
    "localhost/",
    "localhost#",
    "localhost:99999",
    "localhost, evil.example",
    "localhost evil",
    "lo\u00e7alhost",
    "%6cocalhost",
  ])("%j", (header) => {
    expect(isServed(header, hosts)).toBe(false);
  });
});

test("V77: without names only loopback and the real service's hosts are served", () => {
  expect(isServed("box.test", servedHosts([]))).toBe(false);
  expect(isServed("192.168.1.5", servedHosts([]))).toBe(false);
  expect(isServed("www.dropbox.com", servedHosts([]))).toBe(true);
});

test("V77: addresses are compared in one form", () => {
  expect(hostOf("127.1:80")).toBe("127.0.0.1");
  expect(hostOf("[2001:DB8::0007]")).toBe("2001:db8::7");
});

describe("V9: a name to serve", () => {
  test.each([
    ["box.test", "box.test"],
    ["Box.Example.ORG", "box.example.org"],
    ["box", "box"],
    ["my_box.local", "my_box.local"],
    ["192.168.1.5", "192.168.1.5"],
    ["2001:DB8:0:0::7", "2001:db8::7"],
    [`${"a".repeat(51)}.test`, `${"a".repeat(51)}.test`],
  ])("%s", (given, name) => {
    expect(parseServedName(given)).toBe(name);
  });

  test.each([
    "",
    "box.test:8443",
    "https://box.test",
    "box.test/",
    "*.box.test",
    "b\u00f6x.test",
    "-box.test",
    "box..test",
    "box.test.",
    "127.1",
    "1.2.3.4.5",
    "[::1]",
    "a b",
    `${"a".repeat(52)}.test`,
    `${"a.".repeat(121)}a`,
  ])("not %j", (given) => {
    expect(() => parseServedName(given)).toThrow(
      expect.objectContaining({ code: "usage", exit: 2 }),
    );
  });
});

describe("V76: where a server may listen", () => {
  test.each([
    { host: "127.0.0.1", isTls: false },
    { host: "127.1.2.3", isTls: false },
    { host: "localhost", isTls: false },
    { host: "LOCALHOST", isTls: false },
    { host: "::1", isTls: true },
    { host: "0.0.0.0", isTls: true, bindToken: "s" },
    { host: "box.test", isTls: true, bindToken: "s" },
  ])("%j", (binding) => {
    expect(() => checkBinding(binding)).not.toThrow();
  });

  test.each([
    { host: "0.0.0.0", isTls: false },
    { host: "0.0.0.0", isTls: false, bindToken: "s" },
    { host: "::", isTls: true },
    { host: "192.168.1.5", isTls: true, bindToken: "" },
    { host: "192.168.1.5", isTls: true, bindToken: "  " },
    { host: "", isTls: false },
  ])("not %j", (binding) => {
    expect(() => checkBinding(binding)).toThrow(
      expect.objectContaining({ code: "usage", exit: 2 }),
    );
  });
});

describe("V77: other sites' pages may read the answer", () => {
  const paths = contentPaths();
  const ask = (path: string, init: RequestInit = {}): boolean =>
    isForeignReadable(new Request(`https://localhost${path}`, { method: "POST", ...init }), paths);
  const hack = { headers: { "content-type": "text/plain; charset=dropbox-cors-hack" } };

  test("only to content calls in the form without preflight", () => {
    expect(ask("/2/files/upload?reject_cors_preflight=true")).toBe(true);
    expect(ask("/content/2/files/upload", hack)).toBe(true);
    expect(ask("/2/files/download?reject_cors_preflight=true", { method: "GET" })).toBe(true);
  });

  test("never else", () => {
    expect(ask("/2/files/upload")).toBe(false);
    expect(ask("/2/files/upload?reject_cors_preflight=false")).toBe(false);
    expect(ask("/2/files/upload", { headers: { "content-type": "text/plain" } })).toBe(false);
    expect(ask("/2/files/list_folder", hack)).toBe(false);
    expect(ask("/2/files/list_folder?reject_cors_preflight=true")).toBe(false);
    expect(ask("/oauth2/token?reject_cors_preflight=true")).toBe(false);
    expect(ask("/2/files/upload?reject_cors_preflight=true", { method: "OPTIONS" })).toBe(false);
  });
});
