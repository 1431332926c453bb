import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import type { CaptureResult } from "../../src/core/snapshot/store-request.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { hydrateSource } from "../../src/snapshot/hydrate-source.ts";
import { ListedRemote } from "../../src/snapshot/listed-remote.ts";
import { uploadOf, type Linked } from "../remote/linked.ts";
import { memoryFacts } from "../support/memory-source.ts";
import { MemorySpool } from "../support/memory-spool.ts";
import { noise, type ScratchStore } from "./scratch-store.ts";

/** What a side lists, as the source of a thin capture. */
export async function listed(
  remote: Pick<RemoteSide, "pages">,
  isTaken = (_name: string) => true,
): Promise<ListedRemote> {
  return await ListedRemote.read(
    {
      remote,
      facts: memoryFacts,
      isTaken: (_folder, { name }) => isTaken(name),
      makeSpool: () => new MemorySpool(),
    },
    {},
  );
}

/** Two files on a linked server, and a thin snapshot of them. */
export async function thinOf(
  linked: Linked,
  scratch: ScratchStore,
  big: Uint8Array = noise(6_000_000),
): Promise<SnapshotRoot> {
  await linked.remote.upload(uploadOf("d/a", "one"));
  await linked.remote.upload(uploadOf("big", big));
  using folder = await listed(linked.remote);
  const store = await scratch.open();
  return (await store.capture(folder.source, { reason: "manual" })).root;
}

/** Fetch the content of a thin snapshot into its store. */
export async function hydrate(
  linked: Linked,
  scratch: ScratchStore,
  root: SnapshotRoot,
): Promise<CaptureResult> {
  const store = await scratch.open();
  const source = hydrateSource({
    root,
    entries: () => store.entries(root.id),
    download: (rev, offset, work) => linked.remote.download(rev, offset, work),
  });
  return await store.capture(source, { reason: "manual", hydrates: root });
}
