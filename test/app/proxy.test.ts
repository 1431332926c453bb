import { expect, test } from "vitest";
import { checkProxy } from "../../src/app/doctor/proxy.ts";
import { fetchFor, isExcepted, proxyOf } from "../../src/app/proxy.ts";

test.each([
  [{}, undefined],
  [{ HTTPS_PROXY: "" }, undefined],
  [{ HTTPS_PROXY: "http://p.example:3128" }, "HTTPS_PROXY http://p.example:3128"],
  [{ https_proxy: "https://u:w@p.example" }, "https_proxy https://p.example"],
  [{ HTTPS_PROXY: "http://one", https_proxy: "http://two" }, "https_proxy http://two"],
  [{ HTTP_PROXY: "p.example:8080" }, "HTTP_PROXY http://p.example:8080"],
  [{ HTTP_PROXY: "http://one", HTTPS_PROXY: "http://two" }, "HTTPS_PROXY http://two"],
])("the proxy of %j is %s, and its password is not shown", (variables, expected) => {
  const proxy = proxyOf(variables);
  expect(proxy && `${proxy.variable} ${proxy.shown}`).toBe(expected);
});

test.each(["socks5://p.example:1080", "http://", "http://u:word@:1", "ftp://x"])(
  "%s is no proxy",
  (HTTPS_PROXY) => {
    expect(() => proxyOf({ HTTPS_PROXY })).toThrow(expect.objectContaining({ exit: 2 }) as Error);
    const { state, text } = checkProxy({ variables: { HTTPS_PROXY } });
    expect([state, text.includes("word")]).toEqual(["problem", false]);
  },
);

test.each([
  ["", false],
  ["*", true],
  ["dropboxapi.com", true],
  [".dropboxapi.com", true],
  ["a.example, *.dropboxapi.com", true],
  ["API.dropboxapi.com", true],
  ["boxapi.com", false],
])("NO_PROXY=%j", (except, expected) => {
  expect(isExcepted({ except }, "api.dropboxapi.com")).toBe(expected);
});

test("X15: doctor tells the way, without the password", () => {
  const HTTPS_PROXY = "http://ada:secret@p.example:3128";
  const text = (NO_PROXY?: string): string =>
    checkProxy({ variables: { HTTPS_PROXY, NO_PROXY } }).text;
  expect(text()).toBe("Dropbox is reached through the proxy http://p.example:3128 (HTTPS_PROXY)");
  expect(text("dropboxapi.com")).toContain("without the proxy of HTTPS_PROXY");
  expect(checkProxy({ variables: {} }).text).toBe("Dropbox is reached without a proxy");
});

test("a Node that cannot use a proxy never goes around it", async () => {
  const variables = { HTTPS_PROXY: "http://ada:secret@p.example:3128" };
  const failed = fetchFor(variables, null)("http://127.0.0.1:1/");
  await expect(failed).rejects.toMatchObject({ code: "usage" });
  await expect(failed).rejects.not.toThrow("secret");
});

test("this computer is left out of the proxy, and the way is made once", async () => {
  const made: unknown[] = [];
  const begin = (env?: unknown): (() => void) => {
    made.push(env);
    return () => undefined;
  };
  const reach = fetchFor({ HTTPS_PROXY: "http://p.example", no_proxy: "a.example" }, begin);
  await expect(reach("http://127.0.0.1:1/")).rejects.toThrow("fetch failed");
  await expect(reach("http://127.0.0.1:1/")).rejects.toThrow("fetch failed");
  const no_proxy = "a.example,localhost,127.0.0.1,[::1]";
  expect(made).toEqual([{ https_proxy: "http://p.example/", no_proxy }]);
});
