import { expect, test } from "vitest";
import { parsePort, parseSeconds, parseSize } from "../../src/cli/quantities.ts";

test.each([
  ["0", 0],
  ["500", 500],
  ["500B", 500],
  ["10M", 10 * 1024 ** 2],
  ["10 MiB", 10 * 1024 ** 2],
  ["1.5g", 1.5 * 1024 ** 3],
  ["2TB", 2 * 1024 ** 4],
])("the size %s is %i bytes", (text, bytes) => {
  expect(parseSize(text, "--quota")).toBe(bytes);
});

test.each(["", "M", "-1", "1e3", "10X", "10iB0", "99999999999999999T"])("%j is no size", (text) => {
  expect(() => parseSize(text, "--quota")).toThrow(`--quota is "${text}", which is no size`);
});

test.each([
  ["90s", 90],
  ["15m", 900],
  ["4h", 14_400],
  ["30d", 2_592_000],
])("the time %s is %i seconds", (text, seconds) => {
  expect(parseSeconds(text, "--retention")).toBe(seconds);
});

test.each(["", "30", "1.5h", "-1d", "d", "99999999999999999d"])("%j is no time", (text) => {
  expect(() => parseSeconds(text, "--retention")).toThrow("which is no time");
});

test("a port is a number from 0 to 65535", () => {
  expect(parsePort("8443", "--port")).toBe(8443);
  expect(parsePort("0", "--port")).toBe(0);
  for (const text of ["65536", "-1", "http", "", "1.5", "123456"]) {
    expect(() => parsePort(text, "--port")).toThrow("which is no port");
  }
});
