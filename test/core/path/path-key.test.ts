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

  test("a key is in NFC and its own key, and no Unicode form of the name changes it", () => {
    const marks = ["\u030c", "\u0307", "\u0331", "\u0323\u030c", "\u0345", "\u0301\u0308"];
    const wrong: string[] = [];
    for (let code = 0x41; code < 0x1_e944; code += 1) {
      const letter = String.fromCodePoint(code);
      // Only a letter that changes can meet a mark anew.
      if (letter.toLowerCase() === letter) continue;
      for (const name of ["", ...marks].map((mark) => letter + mark)) {
        const key = pathKeyOf(name);
        const forms = [key, name.normalize("NFC"), name.normalize("NFD")].map(pathKeyOf);
        if (key !== key.normalize("NFC") || forms.some((form) => form !== key)) wrong.push(name);
      }
    }
    expect(wrong).toEqual([]);
    expect(pathKeyOf("J\u030c")).toBe("\u01f0");
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
