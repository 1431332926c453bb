import { chmodSync, lstatSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { placeHolder } from "../../src/local/hold-places.ts";
import { rel, Scratch, staging } from "./scratch.ts";

test("N38: files may be written by their owner while they are held, and are as before then, also after a failure", async () => {
  using scratch = new Scratch({ "d/a": "one", "d/b": "two", "d/l": "->a" });
  scratch.write(".snap/staging/op1/0", "staged");
  chmodSync(scratch.at("d/a"), 0o444);
  const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
  const places = [rel("d/a"), rel("d"), rel("d/l"), rel("d/gone"), rel("gone/a")];
  const area = { area: staging, path: rel("0") };
  const whileHeld = placeHolder(scratch.top);
  await whileHeld([...places, area], async (paths) => {
    const [file = "", folder = "", link = "", gone, below, staged = ""] = paths;
    expect([gone, below]).toEqual([undefined, undefined]);
    expect(readFileSync(file, "utf8")).toBe("one");
    expect(modeOf(file)).toBe(0o644);
    expect(lstatSync(folder).isDirectory()).toBe(true);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(staged, "utf8")).toBe("staged");
    return await Promise.resolve();
  });
  expect(modeOf(scratch.at("d/a"))).toBe(0o444);
  const failing = whileHeld([rel("d/a")], () => Promise.reject(new Error("no program")));
  await expect(failing).rejects.toThrow("no program");
  expect(modeOf(scratch.at("d/a"))).toBe(0o444);
});

test("X2: a folder that is swapped for a link while its file is held leads nowhere else", async () => {
  using scratch = new Scratch({ "d/a": "ours", "other/a": "theirs" });
  await placeHolder(scratch.top)([rel("d/a")], async ([held = ""]) => {
    renameSync(scratch.at("d"), scratch.at("moved"));
    symlinkSync("other", scratch.at("d"));
    expect(readFileSync(held, "utf8")).toBe("ours");
    return await Promise.resolve();
  });
  await placeHolder(scratch.top)([rel("d/a")], async (paths) => {
    expect(paths).toEqual([undefined]);
    return await Promise.resolve();
  });
});
