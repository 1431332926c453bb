import { describe, expect, test } from "vitest";
import { keyFromServer, pathKeyOf, sameName } from "../../../src/core/path/path-key.ts";

describe("S15: keys", () => {
  test.each([
    ["README.md", "readme.md"],
    ["ÄÖÜ", "äöü"],
    ["Zoë".normalize("NFD"), "zoë"],
    ["ΣΑΣ", "σασ"],
    ["İ", "İ"],
    ["Ⱥ", "Ⱥ"],
    ["🙂A", "🙂a"],
  ])("%j has the key %j", (name, key) => {
    expect(pathKeyOf(name)).toBe(key);
  });

  test("the server's word is taken as it is", () => {
    expect(keyFromServer("whatever")).toBe("whatever");
  });

  test("S16: names are the same in every Unicode form, and not in another case", () => {
    expect(sameName("é", "e\u0301")).toBe(true);
    expect(sameName("a", "a")).toBe(true);
    expect(sameName("a", "A")).toBe(false);
  });
});
