import type { LocalAct } from "../../src/core/plan/local-act.ts";
import { copy, rel, trash, type Scratch } from "./scratch.ts";

/** One act on a small workspace. */
export type Scenario = {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly act: (scratch: Scratch) => Promise<LocalAct>;
  /** What the user sees when it is done. */
  readonly after: Readonly<Record<string, string>>;
  /** A place where somebody may write meanwhile. */
  readonly place: string;
};

const replace: Scenario = {
  name: "place over a file",
  files: { "docs/a.txt": "old text", "docs/b.txt": "neighbour" },
  act: async (scratch) => ({
    act: "place",
    source: await scratch.stage("docs/a.txt", "new"),
    path: rel("docs/a.txt"),
    before: await scratch.expectation("docs/a.txt"),
    displaceTo: trash,
    copy,
  }),
  after: { "docs/a.txt": "new", "docs/b.txt": "neighbour" },
  place: "docs/a.txt",
};

const create: Scenario = {
  name: "place where nothing is",
  files: { "docs/b.txt": "neighbour" },
  act: async (scratch) => ({
    act: "place",
    source: await scratch.stage("docs/a.txt", "new"),
    path: rel("docs/a.txt"),
    before: undefined,
    displaceTo: trash,
    copy,
  }),
  after: { "docs/a.txt": "new", "docs/b.txt": "neighbour" },
  place: "docs/a.txt",
};

const createFolder: Scenario = {
  name: "place a whole folder over a file",
  files: { "docs/a": "old text" },
  act: async (scratch) => {
    await scratch.stage("f/x", "one");
    await scratch.stage("f/y/z", "two");
    const area = { kind: "staging", id: "op1" } as const;
    return {
      act: "place",
      source: { area, path: rel("f") },
      path: rel("docs/a"),
      before: await scratch.expectation("docs/a"),
      displaceTo: trash,
      copy,
    };
  },
  after: { "docs/a/x": "one", "docs/a/y/z": "two" },
  place: "docs/a",
};

const moveFile: Scenario = {
  name: "move a file to another folder",
  files: { "docs/a.txt": "old text", "other/b.txt": "neighbour" },
  act: async (scratch) => ({
    act: "move",
    from: rel("docs/a.txt"),
    to: rel("other/c.txt"),
    before: await scratch.expectation("docs/a.txt"),
    displaceTo: trash,
    copy,
  }),
  after: { docs: "/", "other/c.txt": "old text", "other/b.txt": "neighbour" },
  place: "docs/a.txt",
};

const moveFolder: Scenario = {
  name: "move a folder",
  files: { "docs/deep/a.txt": "old text", "other/b.txt": "neighbour" },
  act: async (scratch) => ({
    act: "move",
    from: rel("docs/deep"),
    to: rel("other/deep"),
    before: await scratch.expectation("docs/deep"),
    displaceTo: trash,
    copy,
  }),
  after: { docs: "/", "other/deep/a.txt": "old text", "other/b.txt": "neighbour" },
  place: "docs/deep/a.txt",
};

const displaceFile: Scenario = {
  name: "displace a file",
  files: { "docs/a.txt": "old text", "docs/b.txt": "neighbour" },
  act: async (scratch) => ({
    act: "displace",
    path: rel("docs/a.txt"),
    before: await scratch.expectation("docs/a.txt"),
    known: [],
    displaceTo: trash,
    copy,
  }),
  after: { "docs/b.txt": "neighbour" },
  place: "docs/a.txt",
};

const displaceFolder: Scenario = {
  name: "displace a folder",
  files: { "docs/a.txt": "old text", "docs/in/b.txt": "inner", "other/c": "neighbour" },
  act: async (scratch) => ({
    act: "displace",
    path: rel("docs"),
    before: await scratch.expectation("docs"),
    known: [
      [rel("a.txt"), await scratch.expectation("docs/a.txt")],
      [rel("in"), await scratch.expectation("docs/in")],
      [rel("in/b.txt"), await scratch.expectation("docs/in/b.txt")],
    ],
    displaceTo: trash,
    copy,
  }),
  after: { "other/c": "neighbour" },
  place: "docs/a.txt",
};

export const scenarios: readonly Scenario[] = [
  replace,
  create,
  createFolder,
  moveFile,
  moveFolder,
  displaceFile,
  displaceFolder,
];
