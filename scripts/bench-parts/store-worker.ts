/** Work of the store that no command does by itself, in a process of its own: `store-worker.ts WORK STORE N`. */
import path from "node:path";
import v8 from "node:v8";
import type { RelPath } from "../../src/core/path/rel-path.ts";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import type { CaptureFacts } from "../../src/core/snapshot/root.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { CaptureSource, SnapshotStore } from "../../src/ports.ts";
import { hydrateSource } from "../../src/snapshot/hydrate-source.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { SnapError } from "../../src/std/error.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";

/** What it can do. */
export type StoreWork = "snapshots" | "synthetic" | "thin" | "hydrate";

const filesInFolder = 100;
const changes = 1_000;

const facts: CaptureFacts = {
  workspace: { id: "bench", path: "/bench", device: "bench", host: "bench" },
  side: "local",
  rules: "none",
  sync: "clean",
};

function contentOf(file: number, isNew: boolean): Buffer {
  return Buffer.from(`file ${file} ${isNew ? "new" : "old"}`);
}

/** Many small files that are nowhere but here; `changed` of them have other content than in the other version. */
function syntheticSource(files: number, changed: number): CaptureSource {
  const width = String(files).length;
  const step = Math.max(1, Math.floor(files / Math.max(1, changed)));
  const bytesOf = (file: number): Buffer => contentOf(file, changed > 0 && file % step === 0);
  const entryOf = (file: number): SnapshotEntry => {
    const folder = String(Math.floor(file / filesInFolder)).padStart(width, "0");
    const modifiedNs = `17000000${String(file).padStart(11, "0")}`;
    const name = String(file).padStart(width, "0");
    const size = bytesOf(file).length;
    return { path: `d${folder}/f${name}`, type: "file", size, mode: "644", modifiedNs, flags: [] };
  };
  return {
    facts: () => Promise.resolve(facts),
    async *entries() {
      for (let first = 0; first < files; first += filesInFolder) {
        const count = Math.min(filesInFolder, files - first);
        const inside = Array.from({ length: count }, (_none, at) => entryOf(first + at));
        const folder = path.posix.dirname(inside[0]?.path ?? "");
        yield [{ path: folder, type: "folder", mode: "755", flags: [] }, ...inside];
      }
      await Promise.resolve();
    },
    readEach: ({ paths }) => {
      const read = (at: RelPath) => {
        const file = Number(at.slice(at.lastIndexOf("f") + 1));
        const { size = 0, modifiedNs = "0" } = entryOf(file);
        const seen = { fileId: `${file}`, stamp: modifiedNs, newestNs: modifiedNs, modifiedNs };
        const stat = { name: at, kind: "file" as const, size, mode: 0o644, ...seen };
        return [at, { stat, bytes: bytesOf(file), startedAt: 0 }] as const;
      };
      return Promise.resolve(new Map(paths.map(read)));
    },
    open: (at) => Promise.reject(new SnapError("not-found", `There is no file "${at}"`)),
  };
}

async function snapshots(store: SnapshotStore, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) {
    await store.capture(syntheticSource(3, 0), { reason: "manual", force: true });
  }
}

/** Two captures, and the time of what leads from one to the other; printed in ms. */
async function synthetic(store: SnapshotStore, files: number): Promise<void> {
  const one = await store.capture(syntheticSource(files, 0), { reason: "manual" });
  const other = await store.capture(syntheticSource(files, changes), { reason: "manual" });
  const started = performance.now();
  let found = 0;
  for await (const _change of store.diff(one.root.id, other.root.id)) found += 1;
  const took = performance.now() - started;
  if (found !== Math.ceil(files / Math.max(1, Math.floor(files / changes))))
    throw new Error(`${found} changes`);
  console.log(Math.round(took));
}

/** As many files of Dropbox, without content. */
function thinSource(files: number): CaptureSource {
  const listed = syntheticSource(files, 0);
  return {
    open: (at) => listed.open(at),
    facts: () => Promise.resolve({ ...facts, side: "remote", link: { account: "a", path: "/w" } }),
    async *entries(onLeft) {
      let file = 0;
      for await (const run of listed.entries(onLeft)) {
        yield run.map(({ mode: _mode, ...entry }) => {
          if (entry.type === "folder") return entry;
          const rev = String(file).padStart(18, "0");
          const hash = contentHashOf(contentOf(file, false));
          const remote = { id: `id:bench-${rev}`, rev, modified: 1_700_000_000_000 };
          file += 1;
          return { ...entry, hash, remote, flags: ["thin"] as const };
        });
      }
    },
  };
}

/** Fetch what the one snapshot there is has without content; the launcher sets the same bounds. */
async function hydrate(store: SnapshotStore): Promise<void> {
  v8.setFlagsFromString("--semi-space-growth-factor=1");
  v8.setFlagsFromString("--heap-growing-percent=50");
  const [root] = await store.list();
  if (root === undefined) throw new Error("There is no snapshot");
  const source = hydrateSource({
    root,
    entries: () => store.entries(root.id),
    async *download(rev) {
      await Promise.resolve();
      yield contentOf(Number(rev), false);
    },
  });
  const done = await store.capture(source, { reason: "manual", hydrates: root });
  if (done.root.completeness !== "full") throw new Error("Some content did not come");
}

const [work = "", folder = "", count = "0"] = process.argv.slice(2);
const store = await openStore({
  path: folder,
  clock: systemClock,
  rng: systemRng,
  tool: "bench",
  reserve: 0,
});
const works = new Map<string, () => Promise<unknown>>([
  ["snapshots", () => snapshots(store, Number(count))],
  ["synthetic", () => synthetic(store, Number(count))],
  ["thin", () => store.capture(thinSource(Number(count)), { reason: "manual" })],
  ["hydrate", () => hydrate(store)],
]);
await works.get(work)?.();
