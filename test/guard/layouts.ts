import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git, Scratch } from "./repositories.ts";

/** A repository in one of the layouts of G34, made by git itself, with work in it. */
export type Layout = {
  readonly name: string;
  /** Makes it below the top, and tells its folder there. */
  readonly make: (scratch: Scratch) => string;
  /** What isomorphic-git by itself says of the commits behind `HEAD`, and of the changed files. */
  readonly library: { readonly commits: Answer; readonly files: Answer };
  /** Reason of the guard not to ask isomorphic-git about commits, and about changed files; undefined where it does. */
  readonly refuses: { readonly commits?: string; readonly files?: string };
};

/** `right` and `wrong` beside git's own answer; `fails` with an error. */
export type Answer = "right" | "wrong" | "fails" | "unasked";

/** Three commits of which one is pushed; a staged, a changed, a removed and a new file. */
function work(scratch: Scratch, path = "r"): string {
  const folder = scratch.folder(path);
  git(folder, "init", "-q", "-b", "main");
  return fill(scratch, folder);
}

function fill(scratch: Scratch, folder: string): string {
  mkdirSync(join(folder, "a/b"), { recursive: true });
  for (const name of ["one", "two", "a/three", "a/b/four", "five"]) scratch.commit(folder, name);
  change(folder);
  return folder;
}

function change(folder: string): void {
  writeFileSync(join(folder, "one"), "staged");
  writeFileSync(join(folder, "staged"), "new");
  git(folder, "add", "one", "staged");
  appendFileSync(join(folder, "two"), "changed");
  writeFileSync(join(folder, "a/untracked"), "");
  mkdirSync(join(folder, "c/d"), { recursive: true });
  writeFileSync(join(folder, "c/d/untracked"), "");
}

function cloned(scratch: Scratch, ...words: readonly string[]): string {
  const source = join(scratch.root, "source");
  mkdirSync(source);
  git(source, "init", "-q", "-b", "main");
  mkdirSync(join(source, "a/b"), { recursive: true });
  for (const name of ["one", "two", "a/three", "a/b/four", "five"]) scratch.commit(source, name);
  git(source, "config", "uploadpack.allowFilter", "true");
  git(scratch.top, "clone", "-q", ...words, `file://${source}`, "r");
  const folder = scratch.at("r");
  scratch.commit(folder, "mine");
  change(folder);
  return folder;
}

function plain(make: Layout["make"], name: string): Layout {
  return { name, make, library: { commits: "right", files: "right" }, refuses: {} };
}

/** Every layout of the table that this git can make. */
export const layouts: readonly Layout[] = [
  plain((scratch) => work(scratch), "loose objects"),
  plain((scratch) => {
    const folder = work(scratch);
    git(folder, "gc", "-q");
    return folder;
  }, "packs and packed refs"),
  plain((scratch) => {
    const folder = work(scratch);
    git(folder, "checkout", "-q", "--detach");
    scratch.commit(folder, "detached");
    return folder;
  }, "detached HEAD"),
  plain((scratch) => {
    scratch.folder("r");
    git(scratch.top, "init", "-q", "-b", "main", "--separate-git-dir", "history", "r");
    return fill(scratch, scratch.at("r"));
  }, "separate gitdir"),
  plain((scratch) => cloned(scratch), "clone"),
  plain((scratch) => cloned(scratch, "--depth", "2"), "shallow"),
  plain((scratch) => {
    const folder = work(scratch);
    git(folder, "update-index", "--index-version", "3");
    return folder;
  }, "index version 3 that is written as 2"),
  {
    ...plain((scratch) => {
      const folder = cloned(scratch);
      git(folder, "reset", "-q", "--hard");
      git(folder, "sparse-checkout", "set", "--no-cone", "/*", "!a");
      writeFileSync(join(folder, "one"), "changed");
      return folder;
    }, "sparse checkout"),
    // It takes what was left out for removed.
    library: { commits: "right", files: "wrong" },
  },
  {
    ...plain((scratch) => {
      const folder = work(scratch);
      git(folder, "worktree", "add", "-q", "-b", "topic", join(scratch.top, "wt"));
      const linked = scratch.at("wt");
      scratch.commit(linked, "mine");
      writeFileSync(join(linked, "one"), "changed");
      return linked;
    }, "linked worktree"),
    library: { commits: "fails", files: "wrong" },
    refuses: { files: "worktree" },
  },
  {
    ...plain((scratch) => {
      const folder = work(scratch);
      git(folder, "update-index", "--split-index");
      writeFileSync(join(folder, "later"), "x");
      git(folder, "add", "later");
      return folder;
    }, "split index"),
    library: { commits: "right", files: "wrong" },
    refuses: { files: "split-index" },
  },
  {
    ...plain((scratch) => {
      const folder = cloned(scratch);
      git(folder, "reset", "-q", "--hard");
      git(folder, "sparse-checkout", "set", "--cone", "--sparse-index", "c");
      mkdirSync(join(folder, "c"), { recursive: true });
      writeFileSync(join(folder, "c/new"), "staged");
      git(folder, "add", "c/new");
      writeFileSync(join(folder, "one"), "changed");
      return folder;
    }, "sparse index"),
    library: { commits: "right", files: "wrong" },
    refuses: { files: "sparse-index" },
  },
  {
    ...plain((scratch) => {
      const folder = work(scratch);
      git(folder, "update-index", "--index-version", "4");
      return folder;
    }, "index version 4"),
    library: { commits: "right", files: "fails" },
    refuses: { files: "index-version" },
  },
  {
    ...plain((scratch) => {
      const folder = work(scratch);
      const path = join(folder, ".git/index");
      writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, -20), Buffer.alloc(20)]));
      return folder;
    }, "index without checksum"),
    library: { commits: "right", files: "fails" },
    refuses: { files: "index-version" },
  },
  {
    ...plain((scratch) => {
      const folder = scratch.folder("r");
      git(folder, "init", "-q", "-b", "main", "--object-format=sha256");
      return fill(scratch, folder);
    }, "SHA-256 objects"),
    library: { commits: "fails", files: "fails" },
    refuses: { commits: "object-format", files: "object-format" },
  },
  {
    ...plain((scratch) => {
      const source = work(scratch, "source");
      git(scratch.top, "clone", "-q", "--shared", source, "r");
      const folder = scratch.at("r");
      scratch.commit(folder, "mine");
      change(folder);
      return folder;
    }, "alternates"),
    library: { commits: "fails", files: "fails" },
    refuses: { commits: "alternates", files: "alternates" },
  },
  {
    ...plain((scratch) => {
      const folder = cloned(scratch, "--filter=blob:none");
      return folder;
    }, "partial clone"),
    library: { commits: "right", files: "unasked" },
    refuses: { files: "partial-clone" },
  },
  {
    ...plain((scratch) => {
      const folder = scratch.folder("r");
      git(folder, "init", "-q", "-b", "main");
      git(folder, "config", "core.autocrlf", "input");
      writeFileSync(join(folder, "lines"), "a\r\nb\r\n");
      git(folder, "add", "lines");
      git(folder, "commit", "-q", "-m", "lines");
      writeFileSync(join(folder, "lines"), "a\nb\n");
      return folder;
    }, "line ends"),
    library: { commits: "right", files: "unasked" },
  },
  {
    ...plain((scratch) => {
      const folder = work(scratch);
      git(folder, "reset", "-q", "--hard");
      git(folder, "checkout", "-q", "-b", "other", "HEAD~1");
      writeFileSync(join(folder, "two"), "theirs");
      git(folder, "commit", "-q", "-a", "-m", "theirs");
      git(folder, "checkout", "-q", "main");
      writeFileSync(join(folder, "two"), "ours");
      git(folder, "commit", "-q", "-a", "-m", "ours");
      try {
        git(folder, "merge", "-q", "other");
      } catch {
        // It conflicts.
      }
      writeFileSync(join(folder, "one"), "changed");
      return folder;
    }, "merge conflict"),
    library: { commits: "right", files: "unasked" },
  },
  {
    ...plain((scratch) => {
      const folder = work(scratch);
      writeFileSync(join(folder, "announced"), "x");
      git(folder, "add", "--intent-to-add", "announced");
      return folder;
    }, "intent to add, index version 3"),
    library: { commits: "right", files: "unasked" },
  },
  {
    ...plain((scratch) => {
      const folder = work(scratch);
      const source = work(scratch, "source");
      const add = ["submodule", "--quiet", "add", source, "lib"];
      git(folder, "-c", "protocol.file.allow=always", ...add);
      git(folder, "commit", "-q", "-m", "lib");
      git(join(folder, "lib"), "checkout", "-q", "--detach", "HEAD~1");
      return folder;
    }, "submodule that was moved on"),
    library: { commits: "right", files: "unasked" },
  },
];
