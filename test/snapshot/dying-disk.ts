import { nodeCopyDisk, type CopyDisk } from "../../src/snapshot/copy-disk.ts";
import { Killed } from "./stopping-files.ts";

/**
 * A disk whose process is killed at its call number `callsLeft`: that call and every later one does nothing. `halfWay` lets a write
 * that dies have put half of its bytes there.
 */
export function dyingDisk(callsLeft: number, { halfWay }: { readonly halfWay: boolean }): CopyDisk {
  let left = callsLeft;
  const act = <A extends readonly unknown[], R>(call: (...given: A) => R) => {
    return (...given: A): R => {
      left -= 1;
      if (left < 0) throw new Killed();
      return call(...given);
    };
  };
  const disk = nodeCopyDisk;
  return {
    create: act(disk.create),
    write: (fd, bytes, position) => {
      left -= 1;
      if (left === -1 && halfWay) disk.write(fd, bytes.subarray(0, bytes.length / 2), position);
      if (left < 0) throw new Killed();
      disk.write(fd, bytes, position);
    },
    finish: act(disk.finish),
    close: act(disk.close),
    makeFolder: act(disk.makeFolder),
    settle: act(disk.settle),
    modeOf: disk.modeOf,
    chmod: act(disk.chmod),
    symlink: act(disk.symlink),
    link: act(disk.link),
    rename: act(disk.rename),
    kind: disk.kind,
    names: disk.names,
    unlink: act(disk.unlink),
    removeFolder: act(disk.removeFolder),
  };
}
