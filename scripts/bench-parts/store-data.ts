import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { seededRng } from "../../src/std/random.ts";

const wordsKnown = 20_000;
const filesInFolder = 50;
const bytesMax = 400_000;
const lineBytes = 80;
const mebibyte = 1024 * 1024;

/** Chance between 0 and 1, the same each time. */
type Dice = () => number;

function dice(seed: number): Dice {
  const rng = seededRng(seed);
  return () => Buffer.from(rng.bytes(4)).readUInt32LE(0) / 2 ** 32;
}

/** Files of text below a folder: words as rare as words are, sizes as files of source and notes have them, some 13 KB each. */
export function writeTexts(top: string, files: number): void {
  const chance = dice(7);
  const words = Array.from({ length: wordsKnown }, () => wordOf(chance));
  const sums = cumulated(words.map((_word, at) => 1 / (at + 10)));
  for (let file = 0; file < files; file += 1) {
    const folder = path.join(
      top,
      `p${Math.floor(file / 2000)}`,
      `q${Math.floor(file / filesInFolder)}`,
    );
    if (file % filesInFolder === 0) mkdirSync(folder, { recursive: true });
    const size = Math.min(bytesMax, Math.floor(Math.exp(9.1 + 0.9 * bell(chance))));
    writeFileSync(
      path.join(folder, `f${file}.txt`),
      textOf(size, () => pick(words, sums, chance())),
    );
  }
}

function wordOf(chance: Dice): string {
  const letters = "etaoinshrdlucmfwypvbgkjqxz";
  const length = 2 + Math.floor(chance() * 9);
  return Array.from({ length }, () => letters[Math.floor(chance() ** 1.7 * letters.length)]).join(
    "",
  );
}

/** A number of the normal distribution. */
function bell(chance: Dice): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}

function cumulated(weights: readonly number[]): readonly number[] {
  let sum = 0;
  return weights.map((weight) => (sum += weight));
}

function pick(words: readonly string[], sums: readonly number[], chance: number): string {
  const at = chance * (sums.at(-1) ?? 0);
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const between = (low + high) >>> 1;
    if ((sums[between] ?? 0) < at) low = between + 1;
    else high = between;
  }
  return words[low] ?? "";
}

function textOf(size: number, word: () => string): string {
  let text = "";
  let line = "";
  while (text.length + line.length < size) {
    line += `${word()} `;
    if (line.length < lineBytes) continue;
    text += `${line}\n`;
    line = "";
  }
  return (text + line).slice(0, size);
}

/** Four big files, every other MiB of them random, the others text that is nowhere twice. */
export function writeBig(top: string, mebibytes: number): void {
  mkdirSync(top);
  for (let file = 0; file < 4; file += 1) {
    const fd = openSync(path.join(top, `big${file}`), "w");
    for (let at = 0; at < mebibytes; at += 1) {
      const bytes =
        at % 2 === 0 ? randomBytes(mebibyte) : randomBytes(mebibyte / 2).toString("hex");
      writeSync(fd, Buffer.from(bytes));
    }
    closeSync(fd);
  }
}
