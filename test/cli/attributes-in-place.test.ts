import { chmodSync, rmSync, statSync, symlinkSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";
import {
  attributesOf,
  captured,
  isRoot,
  knowsAttributes,
  run,
  setAttribute,
  withOneAttribute,
} from "./attribute-runs.ts";

/** What is at each place, in one text. */
function dressOf(box: Box, places: readonly string[]): string {
  return places
    .map((place) => `${place} ${attributesOf(path.join(box.workspace, place))}`)
    .join("\n");
}

test.runIf(knowsAttributes)(
  "N38, T44: a restore in place sets attributes and takes others away; undo and redo bring them back",
  async () => {
    using box = new Box();
    const at = (name: string): string => path.join(box.workspace, name);
    const places = ["d", "d/gone", "d/same", "edited", "extra"];
    for (const name of places.slice(1)) box.write(name, `content of ${name}`);
    for (const name of places.slice(0, -1)) setAttribute(at(name), "user.a", `before ${name}`);
    chmodSync(at("d/same"), 0o444);
    const id = await captured(box, "--xattrs");
    const before = dressOf(box, places);

    rmSync(at("d/gone"));
    box.write("edited", "other content");
    run("setfattr", ["-x", "user.a", at("edited")]);
    setAttribute(at("edited"), "user.b", "of the other content");
    chmodSync(at("d/same"), 0o644);
    setAttribute(at("d/same"), "user.a", "changed");
    chmodSync(at("d/same"), 0o444);
    setAttribute(at("d"), "user.c", "one more");
    setAttribute(at("extra"), "user.d", "one too many");
    const there = places.filter((place) => place !== "d/gone");
    const after = dressOf(box, there);

    await box.expectExit(0, "restore", id, "--yes");
    expect(dressOf(box, places)).toBe(before);
    expect(box.read("edited")).toBe("content of edited");
    expect(statSync(at("d/same")).mode & 0o777).toBe(0o444);
    const nothing = await box.expectExit(0, "restore", id, "--dry-run", "--json");
    expect(JSON.stringify(nothing.events)).toContain('"metadata":0');

    await box.expectExit(0, "undo", "--yes");
    expect(dressOf(box, there)).toBe(after);
    expect(box.read("edited")).toBe("other content");
    await box.expectExit(0, "undo", "--yes");
    expect(dressOf(box, places)).toBe(before);
  },
);

test.runIf(knowsAttributes)(
  "N38, T32: an undo whose undo area was emptied has the attributes from the journal",
  async () => {
    using box = new Box();
    const { at, id } = await withOneAttribute(box);
    box.write("a", "two");
    setAttribute(at, "user.a", "2");
    await box.expectExit(0, "restore", id, "--yes");
    rmSync(path.join(box.workspace, ".snap/undo"), { recursive: true });
    await box.expectExit(0, "undo", "--yes");
    expect(box.read("a")).toBe("two");
    expect(attributesOf(at)).toBe('user.a="2"');
  },
);

test.runIf(knowsAttributes)(
  "N38: a snapshot without attributes takes none away, and one of some paths touches no other",
  async () => {
    using box = new Box();
    box.write("b", "two");
    const { at } = await withOneAttribute(box);
    const without = await captured(box, "--force");
    box.write("a", "edited");
    const some = await captured(box, "--xattrs", "--paths", "b");
    await box.expectExit(0, "restore", some, "--yes");
    expect(attributesOf(at)).toBe('user.a="1"');
    chmodSync(at, 0o600);
    await box.expectExit(0, "restore", without, "--yes");
    expect(box.read("a")).toBe("one");
  },
);

test.runIf(knowsAttributes)(
  "N38: without the programs all else is restored, each path is told, and the exit code is 4",
  async () => {
    using box = new Box();
    const { at, id } = await withOneAttribute(box);
    box.write("b", "added");
    box.write("a", "two");
    const ended = await box.snap(["restore", id, "--yes", "--json"], { env: { PATH: box.top } });
    expect(ended.code).toBe(4);
    expect(box.read("a")).toBe("one");
    expect(attributesOf(at)).toBe("");
    const left = ended.events.filter(({ type }) => type === "left");
    expect(left).toMatchObject([
      { path: "a", reason: "its extended attributes cannot be set here" },
    ]);
  },
);

test.runIf(knowsAttributes && isRoot)(
  "N38: what the system refuses is told with its names, and the exit code is 4",
  async () => {
    using box = new Box();
    const { at } = await withOneAttribute(box);
    setAttribute(at, "trusted.a", "1");
    const id = await captured(box, "--xattrs");
    run("setfattr", ["-x", "trusted.a", at]);
    const nobody = 65534;
    run("chown", ["-R", `${nobody}:${nobody}`, box.top]);
    chmodSync(box.top, 0o755);
    const words = ["restore", id, "--yes", "--special-modes"];
    const ended = await box.snap(words, { user: nobody });
    expect(ended.code, ended.stderr).toBe(4);
    expect(ended.stdout).toContain("could not be set: trusted.a");
    expect(attributesOf(at)).toBe('user.a="1"');
  },
);

test.runIf(knowsAttributes && isRoot)(
  "X9, N38: what gives rights comes back with --special-modes alone, after the owner; links made anew have theirs",
  async () => {
    using box = new Box();
    const { at } = await withOneAttribute(box);
    const capability = "0x0100000200040000000000000000000000000000";
    run("setfattr", ["-n", "security.capability", "-v", capability, at]);
    const link = path.join(box.workspace, "link");
    symlinkSync("nowhere", link);
    setAttribute(link, "trusted.link", "1");
    const id = await captured(box, "--xattrs");
    const whole = attributesOf(at);
    run("setfattr", ["-x", "security.capability", at]);
    rmSync(link);
    await box.expectExit(0, "restore", id, "--yes");
    expect(attributesOf(at)).toBe('user.a="1"');
    expect(attributesOf(link)).toBe("");
    rmSync(link);
    run("chown", ["1:1", at]);
    await box.expectExit(0, "restore", id, "--yes", "--special-modes");
    expect(attributesOf(at)).toBe(whole);
    expect(statSync(at).uid).toBe(0);
    expect(attributesOf(link)).toBe('trusted.link="1"');
  },
);

test.runIf(knowsAttributes)(
  "T2, N38: a restore that is killed goes on with the attributes",
  async () => {
    using box = new Box();
    const at = (name: string): string => path.join(box.workspace, name);
    const names = Array.from({ length: 20 }, (_, number) => `d${number}/file`);
    for (const name of names) {
      box.write(name, name);
      setAttribute(at(name), "user.a", name);
      setAttribute(path.dirname(at(name)), "user.folder", name);
    }
    const id = await captured(box, "--xattrs");
    const all = [...names, ...names.map((name) => path.dirname(name))];
    const before = dressOf(box, all);
    for (const [number, name] of names.entries()) {
      if (number % 2 === 0) box.write(name, "edited");
      setAttribute(at(name), "user.a", "changed");
      run("setfattr", ["-x", "user.folder", path.dirname(at(name))]);
    }
    const signalAt = { text: '"state":"committing"', signal: "SIGKILL" } as const;
    const killed = await box.snap(["restore", id, "--yes", "--json"], { signalAt });
    expect(killed.signal).toBe("SIGKILL");
    await box.snap(["restore", id, "--yes"]);
    expect(dressOf(box, all)).toBe(before);
    for (const name of names) expect(box.read(name)).toBe(name);
  },
);

/** The owner writes, user 1 and the group read: `u::rw-,u:1:r--,g::r--,m::r--,o::---`. */
const list = [
  "0x02000000",
  "01000600ffffffff",
  "0200040001000000",
  "04000400ffffffff",
  "10000400ffffffff",
  "20000000ffffffff",
].join("");

test.runIf(knowsAttributes)(
  "N38: access lists come and go with the modes that belong to them",
  async () => {
    using box = new Box();
    for (const name of ["listed", "plain"]) box.write(name, name);
    const [listed = "", plain = ""] = ["listed", "plain"].map((name) =>
      path.join(box.workspace, name),
    );
    run("setfattr", ["-n", "system.posix_acl_access", "-v", list, listed]);
    chmodSync(plain, 0o644);
    const id = await captured(box, "--xattrs");
    const states = (): readonly string[] =>
      [listed, plain].map((at) => `${statSync(at).mode.toString(8)} ${attributesOf(at)}`);
    const before = states();
    expect(before[0]).toMatch(/^100640 system\.posix_acl_access/u);
    run("setfattr", ["-x", "system.posix_acl_access", listed]);
    chmodSync(listed, 0o666);
    run("setfattr", ["-n", "system.posix_acl_access", "-v", list, plain]);
    const after = states();
    await box.expectExit(0, "restore", id, "--yes");
    expect(states()).toEqual(before);
    await box.expectExit(0, "undo", "--yes");
    expect(states()).toEqual(after);
  },
);
