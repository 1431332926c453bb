import { afterAll, expect, test } from "vitest";
import { parseRelPath, type RelPath } from "../../src/core/path/rel-path.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { RemoteChange, RemoteItem } from "../../src/core/tree/remote-item.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { isSnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { serve, type Served } from "../support/served.ts";
import { Dice } from "../support/sim/dice.ts";
import { MemoryCloud } from "../support/sim/memory-cloud.ts";
import { MemoryRemote } from "../support/sim/memory-remote.ts";
import { TestClock } from "../support/test-clock.ts";

const names = ["a", "A", "b", "é", "é".normalize("NFD"), "c.txt", "end ", "desktop.ini"];
const texts = ["one", "two", "three", ""];

/** One implementation under a script, with what it showed so far. */
class Subject {
  readonly side: RemoteSide;
  readonly #ids = new Map<string, string>();
  readonly #shown = new Map<string, string>();
  readonly #revs = new Map<string, string[]>();
  #cursor: string | undefined;
  documentRev: string | undefined;

  constructor(side: RemoteSide) {
    this.side = side;
  }

  async run(step: Step): Promise<unknown> {
    try {
      return await doing[step.call](this, step);
    } catch (error) {
      if (!isSnapError(error)) throw error;
      return error.code;
    }
  }

  upload({
    path,
    text,
    replaces,
  }: {
    path: RelPath;
    text: string;
    replaces: string | undefined;
  }): Promise<RemoteItem> {
    const bytes = Buffer.from(text);
    return this.side.upload({
      path,
      replaces,
      size: bytes.length,
      hash: contentHashOf(bytes),
      modified: 1_700_000_000_500,
      read: (offset, lengthMax) => Promise.resolve(bytes.subarray(offset, offset + lengthMax)),
      unchanged: () => Promise.resolve(true),
    });
  }

  /** Some rev that was seen of a path, an old one too; or none. */
  rev(path: RelPath, number: number): string | undefined {
    const revs = this.#revs.get(path.normalize("NFC").toLowerCase()) ?? [];
    return number % 4 === 0 ? undefined : revs.at(number % 5 === 0 ? 0 : -1);
  }

  item(item: RemoteItem): unknown {
    const { kind, name, keys, hash, size, modified, path, remoteId, rev } = item;
    const id = this.#ids.get(remoteId) ?? `id ${this.#ids.size}`;
    this.#ids.set(remoteId, id);
    const place = path.normalize("NFC").toLowerCase();
    const revs = this.#revs.get(place) ?? [];
    if (rev !== "" && !revs.includes(rev)) this.#revs.set(place, [...revs, rev]);
    return { kind, name, keys, hash, size, modified, id };
  }

  /** The tree that the pages add up to (S31). */
  async follow(anew: boolean): Promise<unknown> {
    for await (const page of this.side.pages(anew ? undefined : this.#cursor)) {
      if (page.restart) this.#shown.clear();
      for (const change of page.changes) this.#apply(change);
      this.#cursor = page.cursor;
    }
    return Object.fromEntries([...this.#shown].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #apply(change: RemoteChange): void {
    if (change.change === "refused") return;
    const keys = change.change === "present" ? change.item.keys : change.keys;
    const place = keys.join("/");
    if (change.change === "removed" || change.item.kind === "file") {
      for (const one of this.#shown.keys())
        if (`${one}/`.startsWith(`${place}/`)) this.#shown.delete(one);
    }
    if (change.change === "present") {
      const { kind, name, hash } = change.item;
      this.#shown.set(place, `${kind} ${name} ${hash}`);
    }
  }
}

/** What each call of a script does, and what is compared of its answer. */
const doing: Readonly<Record<Step["call"], (subject: Subject, step: Step) => unknown>> = {
  folderId: async (subject) => {
    return (await subject.side.folderId()) !== undefined;
  },
  makeFolder: async (subject, { path }) => {
    return subject.item(await subject.side.makeFolder(path));
  },
  upload: async (subject, { path, text, number }) => {
    return subject.item(await subject.upload({ path, text, replaces: subject.rev(path, number) }));
  },
  move: async (subject, { path, to }) => {
    return subject.item(await subject.side.move(path, to));
  },
  deleteFile: async (subject, { path, number }) => {
    return await subject.side.deleteFile(path, subject.rev(path, number) ?? "0".repeat(12));
  },
  deleteFolder: async (subject, { path }) => {
    return await subject.side.deleteFolder(path);
  },
  get: async (subject, { path }) => {
    const item = await subject.side.get(path);
    return item && subject.item(item);
  },
  list: async (subject, { path, number }) => {
    const items: RemoteItem[] = [];
    const folder = number % 3 === 0 ? parseRelPath("") : path;
    for await (const item of subject.side.list(folder, { recursive: number % 2 === 0 }))
      items.push(item);
    return items
      .toSorted((a, b) => (a.keys.join("/") < b.keys.join("/") ? -1 : 1))
      .map((item) => subject.item(item));
  },
  download: async (subject, { path, number }) => {
    const rev = subject.rev(path, number);
    if (rev === undefined) return "none";
    const chunks: Uint8Array[] = [];
    for await (const chunk of subject.side.download(rev, number % 3)) chunks.push(chunk);
    return String(Buffer.concat(chunks));
  },
  pages: async (subject, { number }) => {
    return await subject.follow(number % 5 === 0);
  },
  document: async (subject) => {
    return (await subject.side.document(parseRelPath(".snap/d/x.json")))?.text;
  },
  documents: async (subject, { number }) => {
    return await subject.side.documents(parseRelPath(number % 2 === 0 ? ".snap/d" : ".snap/none"));
  },
  writeDocument: async (subject, { number }) => {
    const replaces = number % 4 === 0 ? undefined : subject.documentRev;
    subject.documentRev = await subject.side.writeDocument(
      parseRelPath(".snap/d/x.json"),
      `{${number % 3}}`,
      replaces,
    );
    return "written";
  },
};

const calls = [
  "folderId",
  "makeFolder",
  "makeFolder",
  "upload",
  "upload",
  "upload",
  "move",
  "move",
  "deleteFile",
  "deleteFolder",
  "get",
  "list",
  "download",
  "pages",
  "pages",
  "document",
  "documents",
  "writeDocument",
] as const;

type Step = {
  readonly call: (typeof calls)[number];
  readonly path: RelPath;
  readonly to: RelPath;
  readonly text: string;
  readonly number: number;
};

function stepOf(dice: Dice): Step {
  const place = (): RelPath =>
    parseRelPath(dice.times(1 + dice.below(3), () => dice.pick(names)).join("/"));
  return {
    call: dice.pick(calls),
    path: place(),
    to: place(),
    text: dice.pick(texts),
    number: dice.below(1_000),
  };
}

const opened: Served[] = [];
afterAll(async () => {
  for (const served of opened) await served[Symbol.asyncDispose]();
});

async function realSide(): Promise<RemoteSide> {
  const served = await serve({ checkResponses: false });
  opened.push(served);
  const { refreshToken } = served.server.issueToken(served.accountId);
  return openRemote({
    auth: { appKey: "snap", refreshToken },
    account: undefined,
    fetch: served.server.fetch,
    clock: new TestClock(),
    rng: seededRng(3),
    top: "/Linked",
  });
}

test.each([1, 2, 3, 4, 5, 6])(
  "S111: the server in memory answers as the embedded one, script %i",
  async (seed) => {
    const dice = new Dice(seededRng(seed));
    const ours = new MemoryRemote({
      cloud: new MemoryCloud(),
      gate: () => Promise.resolve(),
      clock: new TestClock(),
      rng: seededRng(4),
      account: { id: "dbid:x", name: "", email: "", root: "1", home: "" },
      fault: () => undefined,
      mood: () => ({ entries: 3, lag: 0, again: dice.below(3), reset: false }),
    });
    const theirs = await realSide();
    expect([await ours.folderId(), await theirs.folderId()]).toEqual([undefined, undefined]);
    await ours.makeTop();
    await theirs.makeTop();
    const [expected, subject] = [new Subject(theirs), new Subject(ours)];
    const script: string[] = [];
    let failed = 0;
    for (let count = 0; count < 400; count += 1) {
      const step = stepOf(dice);
      script.push(`${step.call} ${step.path} ${step.to} ${step.text} ${step.number}`);
      const answer = await expected.run(step);
      if (typeof answer === "string") failed += 1;
      expect(await subject.run(step), script.slice(-6).join("\n")).toEqual(answer);
    }
    expect(failed, "a script in which most calls fail says little").toBeLessThan(300);
  },
);
