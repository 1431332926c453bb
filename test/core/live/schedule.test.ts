import { expect, test } from "vitest";
import {
  fullScanIntervalMs,
  nextStep,
  quietMs,
  unquietMsMax,
  unwatchedIntervalMs,
  type Moment,
} from "../../../src/core/live/schedule.ts";

const now = 1_000_000_000;

const idle: Moment = {
  now,
  markedAt: undefined,
  isRemoteChanged: false,
  lookedAt: now,
  isWatched: true,
  pause: undefined,
  revisitAt: undefined,
};

const everything = { kind: "look", where: "everything" };
const marked = { kind: "look", where: "marked" };

test("S23: the first look is at everything, and so is one an hour later", () => {
  expect(nextStep({ ...idle, lookedAt: undefined })).toEqual(everything);
  expect(nextStep({ ...idle, lookedAt: now - fullScanIntervalMs })).toEqual(everything);
  expect(nextStep(idle)).toEqual({ kind: "wait", until: now + fullScanIntervalMs });
});

test("S23: a clock that went back behind the last look at everything brings another one", () => {
  expect(nextStep({ ...idle, lookedAt: now + 1 })).toEqual(everything);
});

test("S108: where nothing tells of changes, everything is looked at every five minutes", () => {
  const blind = { ...idle, isWatched: false };
  expect(nextStep(blind)).toEqual({ kind: "wait", until: now + unwatchedIntervalMs });
  expect(nextStep({ ...blind, lookedAt: now - unwatchedIntervalMs })).toEqual(everything);
});

test("marks wait for a quiet moment", () => {
  const saved = { ...idle, markedAt: { first: now - 100, last: now - 50 } };
  expect(nextStep(saved)).toEqual({ kind: "wait", until: now - 50 + quietMs });
  expect(nextStep({ ...saved, now: now - 50 + quietMs })).toEqual(marked);
});

test("marks that never stop wait two seconds at most", () => {
  const busy = { ...idle, markedAt: { first: now - unquietMsMax, last: now } };
  expect(nextStep(busy)).toEqual(marked);
  const younger = { ...idle, markedAt: { first: now - unquietMsMax + 1, last: now } };
  expect(nextStep(younger)).toEqual({ kind: "wait", until: now + 1 });
});

test("S23: a mark from before the clock went back is looked at at once", () => {
  const markedAt = { first: now + 1, last: now + 480_000 };
  expect(nextStep({ ...idle, markedAt })).toEqual(marked);
});

test("a change on the server is looked at at once", () => {
  expect(nextStep({ ...idle, isRemoteChanged: true })).toEqual(marked);
});

test("what was left aside has its time", () => {
  expect(nextStep({ ...idle, revisitAt: now + 7 })).toEqual({ kind: "wait", until: now + 7 });
  expect(nextStep({ ...idle, revisitAt: now })).toEqual(marked);
});

test("S84: after trouble nothing is looked at before the time that it named", () => {
  const troubled = {
    ...idle,
    isRemoteChanged: true,
    lookedAt: undefined,
    pause: { from: now, until: now + 1 },
  };
  expect(nextStep(troubled)).toEqual({ kind: "wait", until: now + 1 });
  expect(nextStep({ ...troubled, now: now + 1 })).toEqual(everything);
});

test("S84: a wait after trouble is over where the clock went back behind its beginning", () => {
  const pause = { from: now + 1, until: now + 42_000 };
  expect(nextStep({ ...idle, isRemoteChanged: true, pause })).toEqual(marked);
  expect(nextStep({ ...idle, pause })).toEqual({ kind: "wait", until: now + fullScanIntervalMs });
});
