import { hash } from "node:crypto";
import { encodeEntry } from "../../src/core/snapshot/entry.ts";
import type { NotedRoot } from "../../src/core/snapshot/note.ts";
import { ArchiveSource } from "../../src/snapshot/import.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { tarHeaders, tarPadding } from "../../src/snapshot/tar-header.ts";
import { keyOf, type RepositoryUnits } from "../../src/core/repo/unit.ts";
import type { CaptureSource } from "../../src/ports.ts";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { MemorySpool } from "../support/memory-spool.ts";
import { ScratchStore, all, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;
const hourMs = 3_600_000;

/** Makes one store, always the same: its clock stands where it is put, and its randomness has a seed. */
type Maker = (scratch: ScratchStore, store: OpenedStore) => Promise<void>;

/** Every kind of store that this format knows, by name. */
export const makers: Readonly<Record<string, Maker>> = {
  plain: async (scratch, store) => {
    const source = someTree();
    await store.capture(source, { ...manual, label: "first", tags: ["a", "b"] });
    scratch.clock.advance(hourMs);
    source.write("notes/a.txt", "one, edited").remove("gone.txt").write("new/deep/er/x", "x");
    await store.capture(source, manual);
  },
  kept: async (scratch, store) => {
    const source = someTree();
    const first = await store.capture(source, manual);
    await store.keeping.note(first.root.id, { label: "noted", addTags: ["t1"], pin: {} });
    await store.keeping.note(first.root.id, { addTags: ["t2"] });
    scratch.clock.advance(hourMs);
    source.write("only/here", noise(20_000, 9)).write("notes/a.txt", "two");
    const second = await store.capture(source, manual);
    scratch.clock.advance(hourMs);
    await all(store.verify({ level: 2 }));
    source.remove("only/here");
    await store.capture(source, manual);
    const ids = [second.root.id];
    await store.keeping.forget({ ids, reason: "manual", evenLastCopy: true });
    await interrupted(store);
    const sidecars = scratch.names("data").filter((name) => name.endsWith(".idx"));
    scratch.flip(sidecars[0] ?? "", 30);
    scratch.remove(sidecars[1] ?? "");
  },
  thin: async (_scratch, store) => {
    const source = someTree();
    source.isThin = true;
    source.captureFacts = {
      ...memoryFacts,
      side: "remote",
      link: { account: "dbid:AAA", path: "/linked" },
    };
    await store.capture(source, manual);
  },
  names: async (_scratch, store) => {
    const source = someTree();
    const bytes = Buffer.from([0x66, 0xff, 0x0a, 0x67]);
    const odd = { flags: [], modifiedNs: "1", mode: "644" } as const;
    source.entry({
      ...odd,
      path: "f\ufffd\ng",
      pathBytes: bytes.toString("base64"),
      type: "file",
      size: 0,
      blocks: [],
    });
    source.entry({
      path: "to-odd",
      type: "symlink",
      linkTarget: "f\ufffd",
      linkBytes: bytes.toString("base64"),
      flags: [],
    });
    for (const name of ["-rf", "new\nline", "cafe\u0301", "caf\u00e9", "é".repeat(127)]) {
      source.write(`odd/${name}`, name);
    }
    await store.capture(source, manual);
  },
  unit: async (_scratch, store) => {
    const source = someTree();
    source.entry({
      path: ".git",
      type: "folder",
      mode: "755",
      modifiedNs: "5",
      unit: ".git",
      flags: [],
    });
    await store.capture(withUnits(source), manual);
  },
  import: async (_scratch, store) => {
    const parts = [
      part({ name: "a/b.txt", content: "from an archive" }),
      part({ name: "/etc/passwd", content: "refused" }),
    ];
    using source = new ArchiveSource({
      bytes: once(Buffer.concat([...parts, Buffer.alloc(1024)])),
      facts: memoryFacts,
      makeSpool: () => new MemorySpool(),
      base: () => Promise.reject(new Error("no base")),
    });
    await store.capture(source, { reason: "import", force: true });
  },
};

function someTree(): MemorySource {
  return new MemorySource()
    .write("notes/a.txt", "one")
    .write("notes/b.txt", "the same\n".repeat(2_000))
    .write("empty.txt", "")
    .write("gone.txt", "gone later")
    .write("program", noise(3_000), { mode: "755" })
    .write("zeros", Buffer.alloc(4_194_304 + 77))
    .write("text", "a longer text that is worth a frame of its own\n".repeat(6_000))
    .folder("nothing/in/it", { mode: "700", modifiedNs: "-1000000001" })
    .link("to-notes", "notes/a.txt")
    .link("nowhere", "../../gone");
}

/** What a capture that was interrupted leaves is a checkpoint. */
async function interrupted(store: OpenedStore): Promise<void> {
  const controller = new AbortController();
  const source = someTree();
  for (let at = 1000; at < 1600; at += 1) source.write(`f${at}`, noise(20, at));
  source.captureFacts = { ...memoryFacts, workspace: { ...memoryFacts.workspace, id: "w2" } };
  source.onOpen = (path) => {
    if (path === "f1590") controller.abort();
  };
  await store.capture(source, { ...manual, signal: controller.signal }).catch(() => {});
}

/** A repository that nobody needs Git for. */
function withUnits(source: MemorySource): CaptureSource {
  const units: RepositoryUnits = {
    makeSpool: () => new MemorySpool(),
    capture: async (_place, sink) => {
      const kept = { mode: 0o644, mtimeNs: 7n };
      for (const [name, text] of [
        ["HEAD", "ref: refs/heads/main\n"],
        ["objects/ab/cd", "object"],
      ] as const) {
        const content = Buffer.from(text);
        const path = Buffer.from(name);
        const file = await sink.file({ ...kept, kind: "file", path, size: content.length });
        await file.write(content);
        await file.done();
      }
      for (const name of ["objects", "objects/ab", "refs", "refs/heads"]) {
        await sink.plain({ ...kept, mode: 0o755, kind: "folder", path: Buffer.from(name) });
      }
      const state = { head: "a".repeat(40), branch: "main" };
      return {
        word: "unverified",
        reasons: [keyOf(Buffer.from("no Git"))],
        leftOut: [],
        movedDuring: false,
        state,
      };
    },
  };
  return {
    units,
    facts: () => source.facts(),
    entries: (onLeft) => source.entries(onLeft),
    open: (path) => source.open(path),
  };
}

function part({ name, content }: { readonly name: string; readonly content: string }): Buffer {
  const size = Buffer.byteLength(content);
  const facts = { type: "File", mode: 0o644, modifiedNs: "5000000000" } as const;
  const header = tarHeaders({ ...facts, name: Buffer.from(name), size });
  return Buffer.concat([header, Buffer.from(content), tarPadding(size)]);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** All that a store tells and hands out, as it must stay. */
export type Told = {
  readonly snapshots: readonly ToldSnapshot[];
  /** What level 2 finds: names, never the words of a message. */
  readonly damaged: readonly string[];
};

type ToldSnapshot = {
  readonly id: string;
  readonly time: string;
  readonly label: string | undefined;
  readonly tags: readonly string[];
  readonly isPinned: boolean;
  readonly completeness: string;
  readonly lists: readonly string[];
  /** SHA-256 of the lines of its entries. */
  readonly entries: string;
  /** SHA-256 of each file that the store holds. */
  readonly contents: Readonly<Record<string, string>>;
  /** SHA-256 of its archive. */
  readonly archive: string;
};

/** Ask a store for everything. */
export async function toldBy(store: OpenedStore): Promise<Told> {
  const snapshots: ToldSnapshot[] = [];
  for (const root of await store.list()) snapshots.push(await toldOf(store, root));
  const events = await all(store.verify({ level: 2 }));
  const damaged = events.flatMap((event) => (event.type === "damaged" ? [event.name] : []));
  return { snapshots, damaged: damaged.toSorted() };
}

async function toldOf(store: OpenedStore, root: NotedRoot): Promise<ToldSnapshot> {
  const entries = await all(store.entries(root.id));
  const contents: Record<string, string> = {};
  for (const entry of entries) {
    if (entry.blocks === undefined) continue;
    contents[entry.path] = hash("sha256", Buffer.concat(await all(store.open(entry))));
  }
  const archive = await store.export(root.id, {});
  const { id, time, label, tags, completeness, lists } = root;
  return {
    id,
    time,
    label,
    tags,
    isPinned: root.pin !== undefined,
    completeness,
    lists,
    entries: hash("sha256", entries.map(encodeEntry).join("\n")),
    contents,
    archive: hash("sha256", Buffer.concat(await all(archive.bytes(await archive.totals())))),
  };
}
