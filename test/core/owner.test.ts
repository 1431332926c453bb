import { describe, expect, test } from "vitest";
import { idsOf, isOwner, modeFor } from "../../src/core/tree/owner.ts";

test("X9: what stays with whoever runs this gets no setuid, setgid or sticky bit", () => {
  expect([modeFor(0o6755, true), modeFor(0o7755, false)]).toEqual([0o6755, 0o755]);
});

describe("N38: an owner from outside", () => {
  test.each([
    ["0:0", 0, 0],
    ["1000:100", 1000, 100],
    ["4294967294:7", 4_294_967_294, 7],
  ])("%s is one", (text, user, group) => {
    expect(isOwner(text)).toBe(true);
    expect(idsOf(text)).toEqual({ user, group });
  });

  test.each([
    "",
    "0",
    "0:",
    ":0",
    "-1:0",
    "0:-1",
    "00:0",
    "1e3:0",
    "4294967295:0",
    "0:4294967295",
    "1:2:3",
    "root:root",
    "1:1\n",
  ])("%j is none", (text) => {
    expect(isOwner(text)).toBe(false);
  });
});
