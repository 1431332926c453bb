import { expect, test } from "vitest";
import { localSideWith } from "../../src/engine/live/local-side-with.ts";
import type { LocalSide } from "../../src/ports.ts";

/** Every member of a local side; a new one that is missing here does not compile. */
const members: Readonly<Record<Exclude<keyof LocalSide, "top">, "writes" | "passed on">> = {
  readMarker: "passed on",
  writeMarker: "passed on",
  removeMarker: "passed on",
  granularityNs: "passed on",
  list: "passed on",
  stat: "passed on",
  open: "passed on",
  hash: "passed on",
  hashEach: "passed on",
  readEach: "passed on",
  stage: "passed on",
  makeFolder: "writes",
  perform: "writes",
  settle: "writes",
  setMetadata: "writes",
  openInArea: "passed on",
  areas: "passed on",
  removeArea: "passed on",
  freeBytes: "passed on",
};

test("S2: what writes in a workspace is another act, and all the rest of its side is passed on with what it is given", () => {
  const calls: unknown[] = [];
  const side = recorder("side", calls);
  const decorated = localSideWith(side, recorder("act", calls));
  expect(decorated.top).toBe("/w");
  for (const [name, kind] of Object.entries(members)) {
    const act: unknown = Reflect.get(decorated, name);
    if (typeof act !== "function") throw new Error(name);
    const given = Array.from({ length: act.length }, (_, at) => `${name} ${at}`);
    expect(Reflect.apply(act, decorated, given)).toBe(name);
    expect(calls.splice(0)).toEqual([[kind === "writes" ? "act" : "side", name, ...given]]);
  }
});

function recorder(who: string, calls: unknown[]): LocalSide {
  const acts = Object.keys(members).map((name) => [
    name,
    (...given: unknown[]): string => {
      calls.push([who, name, ...given]);
      return name;
    },
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is passed on is not looked at
  return { top: "/w", ...Object.fromEntries(acts) } as unknown as LocalSide;
}
