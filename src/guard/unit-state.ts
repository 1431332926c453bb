import { createHash } from "node:crypto";
import { SnapError } from "../std/error.ts";
import { readLinkBytes, readWhole, textOf, type Bytes } from "./read-only.ts";
import type { UnitFileEntry, UnitPlainEntry } from "../core/repo/unit.ts";
import { walkState, type Found, type Part, type Surroundings } from "./unit-listing.ts";
import { placeOf, stampAt } from "./unit-read.ts";

/** A file of the state, held in memory. */
export type HeldFile = { readonly entry: UnitFileEntry; readonly content: Buffer };

/** Everything of a repository but its history, as it stood in one moment. */
export type UnitState = {
  readonly files: readonly HeldFile[];
  readonly plain: readonly UnitPlainEntry[];
  readonly surroundings: Surroundings;
  /** What tells this state from another one. */
  readonly mark: string;
  /** Something was written while it was read, each time. */
  readonly restless: boolean;
  /** Files that are there and cannot be read. */
  readonly unreadable: readonly string[];
};

/** More is not held in memory: indexes of a million files, and long reflogs, go into it. */
const stateBytesMax = 256 * 1024 * 1024;

/** So often it is read until nothing moves meanwhile. */
const readingsMax = 10;

const pauseMs = 20;

/**
 * Read the state of a repository (G51, step 2): again, as long as something is written meanwhile.
 *
 * @throws {SnapError} `too-large` where it is more than is held in memory
 */
export async function readState(
  part: Part,
  pause: (delayMs: number) => Promise<void>,
): Promise<UnitState> {
  for (let count = 1; count < readingsMax; count += 1) {
    const state = await readOnce(part);
    if (!state.restless) return state;
    await pause(pauseMs);
  }
  return await readOnce(part);
}

/** What tells the present state from another one. */
export async function markOfState(part: Part): Promise<string> {
  const mark = new StateMark();
  await walkState(part, (found) => mark.add(found));
  return mark.end();
}

/** Of folders only what is in them tells: looking at a repository changes their times. */
class StateMark {
  readonly #hash = createHash("sha256");

  add({ key, kind, stamp }: Found): void {
    if (kind !== "folder") this.#hash.update(`${key}\0${stamp.mark}\n`, "latin1");
  }

  end(): string {
    return this.#hash.digest("hex");
  }
}

/** In as many walks as there are orders: what the first one saw is the mark, and a last one tells whether anything moved since. */
async function readOnce(part: Part): Promise<UnitState> {
  const reading: Reading = { part, files: [], plain: [], unreadable: [], bytes: 0, moved: false };
  const first = new StateMark();
  const { stateOrder, stateOrders } = part.layout;
  const surroundings = await walkState(part, (found) => {
    first.add(found);
    if (stateOrder(textOf(found.path)) === 0) readEntry(found, reading);
  });
  for (let order = 1; order < stateOrders; order += 1) {
    await walkState(part, (found) => {
      if (stateOrder(textOf(found.path)) === order) readEntry(found, reading);
    });
  }
  const mark = first.end();
  const { files, plain, moved } = reading;
  const unreadable = [...surroundings.unreadable, ...reading.unreadable];
  const restless = moved || (await markOfState(part)) !== mark;
  return { files, plain, surroundings, mark, restless, unreadable };
}

type Reading = {
  readonly part: Part;
  readonly files: HeldFile[];
  readonly plain: UnitPlainEntry[];
  readonly unreadable: string[];
  bytes: number;
  moved: boolean;
};

function readEntry({ path, kind, stamp }: Found, reading: Reading): void {
  const { root } = reading.part;
  const place = placeOf(root, path);
  const { mode, mtimeNs, owner, size } = stamp;
  const kept = { path, mode, mtimeNs, owner };
  if (kind === "folder") {
    reading.plain.push({ ...kept, kind });
    return;
  }
  if (kind === "symlink") {
    const target = readLinkBytes(place);
    if (target === undefined) reading.moved = true;
    else reading.plain.push({ ...kept, kind, target });
    return;
  }
  const room = stateBytesMax - reading.bytes;
  if (size > room) throw tooLarge(root, path);
  const content = readWhole(place, room)?.bytes;
  if (content === undefined) {
    const now = stampAt(place);
    if (now !== undefined && now.size > room) throw tooLarge(root, path);
    if (now === undefined) reading.moved = true;
    else reading.unreadable.push(textOf(path));
    return;
  }
  reading.bytes += content.length;
  reading.files.push({ entry: { ...kept, kind, size: content.length }, content });
}

function tooLarge(root: Bytes, path: Bytes): SnapError {
  const limit = stateBytesMax / 1024 / 1024;
  return new SnapError(
    "too-large",
    `A repository has more than ${limit} MiB beside its history; "${textOf(path)}" does not fit in`,
    { path: textOf(root), hint: "Move what is no part of the repository out of its folder." },
  );
}
