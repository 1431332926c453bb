import { expect, test } from "vitest";
import {
  beginning,
  hurried,
  hurryOf,
  mayWait,
  reached,
  type Place,
} from "../../../src/core/live/course.ts";

test.each<readonly [Place, string]>([
  ["away", "nothing"],
  ["opening", "nothing"],
  ["open", "look"],
  ["waiting", "begin anew"],
])("a wish for a look at what is %s comes to %s at once", (place, hurry) => {
  expect(hurryOf(reached(beginning, place))).toBe(hurry);
});

test("a wish stays known until the attempt is over, and ends the wait behind it", () => {
  expect(mayWait(beginning)).toBe(true);
  const wished = reached(hurried(beginning), "open");
  expect(mayWait(wished)).toBe(false);
  expect(mayWait(reached(wished, "waiting"))).toBe(false);
});
