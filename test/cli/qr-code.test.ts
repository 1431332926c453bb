import { encode } from "uqr";
import { expect, test } from "vitest";
import { hasBrowser } from "../../src/cli/login-steps.ts";
import { qrCode } from "../../src/cli/qr-code.ts";

/** As long as the address of a login is. */
const address = `https://www.dropbox.com/oauth2/authorize?${"x".repeat(280)}`;

/** What a camera sees: whether each module is dark. */
function modulesOf(code: string): readonly (readonly boolean[])[] {
  return code
    .split("\n")
    .flatMap((line) => [
      Array.from(line, (character) => character === " " || character === "▄"),
      Array.from(line, (character) => character === " " || character === "▀"),
    ]);
}

test("the printed code says the address, with white around it, on any usual terminal", () => {
  const code = qrCode(address, 80) ?? "";
  const { data } = encode(address, { ecc: "L", border: 2 });
  const rows = modulesOf(code);
  expect(rows.slice(0, data.length)).toEqual(data);
  expect(rows[0]?.every((isDark) => !isDark)).toBe(true);
});

test("there is no code without a terminal, and none that a terminal would break", () => {
  const width = (qrCode(address, 1_000) ?? "").indexOf("\n");
  expect(width).toBeGreaterThan(40);
  expect(qrCode(address, width)).toBeDefined();
  expect(qrCode(address, width - 1)).toBeUndefined();
  expect(qrCode(address, undefined)).toBeUndefined();
});

test("a browser is expected where there is a screen, and not behind a line from elsewhere", () => {
  expect(hasBrowser({ DISPLAY: ":0" }, "linux")).toBe(true);
  expect(hasBrowser({ WAYLAND_DISPLAY: "wayland-0" }, "linux")).toBe(true);
  expect(hasBrowser({ DISPLAY: "" }, "linux")).toBe(false);
  expect(hasBrowser({}, "linux")).toBe(false);
  expect(hasBrowser({}, "darwin")).toBe(true);
  expect(hasBrowser({ SSH_CONNECTION: "1 2 3 4" }, "darwin")).toBe(false);
  expect(hasBrowser({ DISPLAY: "localhost:10.0", SSH_TTY: "/dev/pts/0" }, "linux")).toBe(false);
});
