import { closeSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { LocalSide } from "../../src/ports.ts";
import { systemRng } from "../../src/std/random.ts";
import { medianMs, printFigure, ratio, runProgram } from "./table.ts";

const pieceBytes = 16 * 1024 * 1024;
const rounds = 3;

/** The content hash of one large file beside `openssl`. */
export async function benchHash(side: LocalSide, bytes: number): Promise<void> {
  const name = "large";
  makeLarge(path.join(side.top, name), bytes);
  const hash = async (): Promise<void> => void (await side.hash(parseRelPath(name)));
  const openssl = (): Promise<void> =>
    runProgram("openssl", ["dgst", "-sha256", path.join(side.top, name)]);
  await openssl();
  const ours = await medianMs(rounds, hash);
  const theirs = await medianMs(rounds, openssl);
  const title = `hash of ${(bytes / 2 ** 30).toFixed(2)} GiB`;
  printFigure({ what: title, aim: "", measured: speed(bytes, ours) });
  printFigure({
    what: "  beside openssl dgst",
    aim: "1 ×",
    measured: ratio(ours, theirs),
    note: speed(bytes, theirs),
  });
}

function makeLarge(file: string, bytes: number): void {
  const piece = systemRng.bytes(65_536);
  const pieces = Buffer.alloc(pieceBytes, piece);
  const fd = openSync(file, "wx");
  for (let left = bytes; left > 0; left -= pieceBytes) {
    writeSync(fd, pieces, 0, Math.min(left, pieceBytes));
  }
  closeSync(fd);
}

function speed(bytes: number, time: number): string {
  return `${(bytes / 2 ** 20 / (time / 1000)).toFixed(0)} MiB/s`;
}
