import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RepositoryFacts } from "../../src/core/repo/finding.ts";
import type { EngineChoice } from "../../src/guard/describe.ts";
import { git, Scratch } from "./repositories.ts";

/** Writes a file of the user's or the machine's, outside the repository. */
type Write = (path: string, text: string) => string;
type Place = readonly [string, (write: Write, scratch: Scratch) => void];

const text = "* text\n";

/** Each makes Git convert the line ends of all files. */
const places: readonly Place[] = [
  ["those of the machine", (write) => write("etc/gitattributes", text)],
  ["those of the user", (write) => write("home/.config/git/attributes", text)],
  [
    "a file that the user's configuration names",
    (write) => {
      write("home/.gitconfig", "[core]\nattributesFile = ~/mine\n");
      write("home/mine", text);
    },
  ],
  [
    "a file that the repository's configuration names, by a link",
    (write, { top }) => {
      symlinkSync(write("home/mine", text), join(dirname(top), "home/link"));
      git(top, "config", "core.attributesFile", join(dirname(top), "home/link"));
    },
  ],
  [
    "a macro of the machine's that the user's use, without an end of line between them",
    (write) => {
      write("etc/gitattributes", "\uFEFF[attr]ours text");
      write("home/.config/git/attributes", "\uFEFF* ours");
    },
  ],
];

/** A file that differs from its commit by its line ends only. */
function arrange(scratch: Scratch, arrangePlaces: Place[1]): void {
  scratch.commit(scratch.base(), "lines");
  const write: Write = (path, content) => {
    const place = join(scratch.root, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content);
    return place;
  };
  arrangePlaces(write, scratch);
  scratch.write("lines", "lines\r\n");
  git(scratch.top, "-c", "core.autocrlf=input", "add", "lines");
  // Git has to look at its content again.
  utimesSync(scratch.at("lines"), 0, 0);
}

async function factsOf(scratch: Scratch, engine: EngineChoice): Promise<RepositoryFacts> {
  const settings = { home: join(scratch.root, "home"), etc: join(scratch.root, "etc") };
  const [finding] = (await scratch.check(scratch.top, { engine }, settings)).findings;
  if (finding?.facts === undefined) throw new Error("no facts");
  return finding.facts;
}

describe("G33: attributes of the user and the machine count as they do for Git", () => {
  test.each(places)("%s", async (_, place) => {
    using scratch = new Scratch();
    arrange(scratch, place);
    for (const engine of ["auto", "git"] as const) {
      const { work } = await factsOf(scratch, engine);
      expect(work.unstaged, engine).toEqual({ precision: "exact", value: 0 });
    }
    const { work } = await factsOf(scratch, "isomorphic-git");
    expect(work.unstaged).toEqual({ precision: "approximate", value: 1 });
  });

  test("the repository's own win", async () => {
    using scratch = new Scratch();
    arrange(scratch, (write) => write("home/.config/git/attributes", text));
    scratch.write(".git/info/attributes", "* -text\n");
    expect((await factsOf(scratch, "git")).work.unstaged.precision).toBe("exact");
    expect((await factsOf(scratch, "git")).work.unstaged).toMatchObject({ value: 1 });
  });

  test("a named file stands for the usual one", async () => {
    using scratch = new Scratch();
    arrange(scratch, (write) => {
      write("home/.config/git/attributes", text);
      write("home/.gitconfig", "[core]\nattributesFile =\n");
    });
    expect((await factsOf(scratch, "git")).work.unstaged).toEqual({ precision: "exact", value: 1 });
  });
});

/** Each may name a filter or a conversion that is not known. */
const unknown: readonly Place[] = [
  ["a filter", (write) => write("etc/gitattributes", "* filter=x\n")],
  ["a name that is not absolute", (_, { top }) => git(top, "config", "core.attributesFile", "x")],
  ["more than is read", (write) => write("etc/gitattributes", "#\n".repeat(40_000))],
  [
    "a pipe",
    (write, { root }) => {
      write("etc/other", "");
      execFileSync("mkfifo", [join(root, "etc/gitattributes")]);
    },
  ],
  [
    "a filter behind a link of the repository's own",
    (write, scratch) => {
      scratch.folder(".git/info");
      symlinkSync(write("home/mine", "* filter=x\n"), scratch.at(".git/info/attributes"));
    },
  ],
  ["an include of the user's", (write) => write("home/.gitconfig", "[include]\npath = more\n")],
  ["a configuration that is a folder", (write) => write("home/.gitconfig/x", "")],
];

describe("G36: where attributes are not known, files are counted approximately", () => {
  test.each(unknown)("%s", async (_, place) => {
    using scratch = new Scratch();
    arrange(scratch, place);
    for (const engine of ["auto", "git"] as const) {
      expect((await factsOf(scratch, engine)).work.unstaged.precision).toBe("approximate");
    }
  });
});

test("G33: a configuration of the user's may be a link", async () => {
  using scratch = new Scratch();
  arrange(scratch, (write) => {
    const file = write("home/dot/gitconfig", "[core]\nautocrlf = input\n");
    renameSync(file, join(scratch.root, "real"));
    symlinkSync(join(scratch.root, "real"), join(scratch.root, "home/.gitconfig"));
  });
  expect((await factsOf(scratch, "auto")).work.unstaged).toEqual({ precision: "exact", value: 0 });
});
