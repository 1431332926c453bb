import { lstatSync, readlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeDisk, type Disk } from "../../src/local/disk.ts";
import { rel, Scratch } from "./scratch.ts";

test.each(["a", "d", "l"])(
  "T22, N38: %s gets nothing where another one has come to stand at its place",
  async (name) => {
    using scratch = new Scratch({ a: "one", "d/": "", l: "->a" });
    const calls: string[] = [];
    const watching: Disk = {
      ...nodeDisk,
      chown: () => void calls.push("owner"),
      chmodOpen: () => void calls.push("mode"),
      setTimesOpen: () => void calls.push("time"),
      setTimesOfLink: () => void calls.push("time"),
    };
    const side = scratch.side(watching);
    const path = rel(name);
    const wanted = { owner: "1:1", modifiedNs: "5000000000", ...(name === "l" ? {} : { mode: 0 }) };
    const conflict: unknown = expect.objectContaining({ code: "conflict", path: name });
    await expect(side.setMetadata(path, { ...wanted, fileId: "1" })).rejects.toEqual(conflict);
    expect(calls).toEqual([]);
    const fileId = (await side.stat(path))?.fileId ?? "";
    await side.setMetadata(path, { ...wanted, fileId });
    expect(calls).toEqual(name === "l" ? ["owner", "time"] : ["owner", "mode", "time"]);
  },
);

test("T1: owner and time of a link are written out with its folder", async () => {
  using scratch = new Scratch({ "d/l": "->nowhere" });
  const steps: string[] = [];
  const watching: Disk = {
    ...nodeDisk,
    setTimesOfLink: (path, seconds) => {
      steps.push("time");
      nodeDisk.setTimesOfLink(path, seconds);
    },
    sync: async (fd) => {
      steps.push(readlinkSync(`/proc/self/fd/${fd}`).slice(scratch.top.length + 1));
      await nodeDisk.sync(fd);
    },
  };
  await scratch.side(watching).setMetadata(rel("d/l"), { modifiedNs: "5000000000" });
  expect(steps).toEqual(["time", "d"]);
  expect(lstatSync(scratch.at("d/l")).mtimeMs).toBe(5000);
});
