import type { RelPath } from "../../../src/core/path/rel-path.ts";
import { contentHashOf } from "../../../src/core/tree/content-hash.ts";
import type {
  FolderFile,
  FolderRequest,
  RemoteBatches,
} from "../../../src/core/tree/remote-batches.ts";
import type {
  KnownFile,
  RemoteItem,
  SmallUpload,
  UploadRequest,
} from "../../../src/core/tree/remote-item.ts";
import { withRetries } from "../../../src/remote/retry.ts";
import { isSnapError, type SnapError } from "../../../src/std/error.ts";
import type { Rng } from "../../../src/std/random.ts";
import type { Clock } from "../../../src/std/time.ts";
import { failed, itemOf, type CloudNode, type MemoryCloud } from "./memory-cloud.ts";
import type { Gate } from "./memory-disk.ts";
import { changed, refuseBefore, type WireFault } from "./wire-fault.ts";

/** What requests to a `MemoryCloud` go through. */
export type MemoryWireOptions = {
  readonly cloud: MemoryCloud;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Asked once for each request. */
  readonly fault: (call: string) => WireFault | undefined;
  /** Told of each upload that is about to be committed. */
  readonly onUpload?: (
    request: Pick<UploadRequest, "hash" | "replaces" | "path">,
    there: CloudNode | undefined,
  ) => void;
};

type Pair = { readonly from: RelPath; readonly to: RelPath };

/**
 * The way to a `MemoryCloud`, and many changes of it by one call: each has its own result, and a repeat finds what the first
 * attempt did.
 */
export class MemoryBatches implements RemoteBatches {
  readonly #wire: MemoryWireOptions;
  #writer: Promise<unknown> = Promise.resolve();

  constructor(wire: MemoryWireOptions) {
    this.#wire = wire;
  }

  async uploadEach(
    requests: readonly SmallUpload[],
    onSessions?: (sessions: ReadonlyMap<number, string>) => void,
  ): Promise<readonly (RemoteItem | SnapError)[]> {
    const sent = requests.filter(({ resume }) => resume === undefined);
    if (sent.length > 0) await this.call(`append ${sent.length}`, () => undefined);
    onSessions?.(new Map(requests.map((_, place) => [place, `session ${place}`])));
    return await this.inTurn(async () => {
      const stable = new Set<SmallUpload>();
      for (const request of requests) if (await request.unchanged()) stable.add(request);
      const finish = (request: SmallUpload): RemoteItem => this.#finish(request, stable);
      return await this.call(`finish ${requests.length}`, () => each(requests, finish));
    });
  }

  get givesWhole(): boolean {
    return true;
  }

  async *filesIn({ folder, wanted }: FolderRequest): AsyncGenerator<FolderFile> {
    let isWhole = true;
    const found = await this.call(
      `filesIn ${folder}`,
      () => [...wanted.keys()].map((place) => ({ place, ...this.#fileAt(folder, place) })),
      (fault) => (isWhole = fault === undefined),
    );
    for (const { place, bytes } of found) {
      // What does not arrive as it should is missing.
      if (bytes !== undefined && bytes.length === wanted.get(place) && isWhole) {
        yield { place, bytes };
      }
    }
  }

  deleteEach(files: readonly KnownFile[]): Promise<readonly (SnapError | undefined)[]> {
    const { cloud } = this.#wire;
    const remove = ({ path, rev }: KnownFile): undefined => {
      if (cloud.at(path) !== undefined) cloud.remove(path, rev);
    };
    return this.write(`deleteEach ${files.length}`, () => each(files, remove));
  }

  makeFolders(paths: readonly RelPath[]): Promise<readonly (RemoteItem | SnapError)[]> {
    const { cloud } = this.#wire;
    const make = (path: RelPath): RemoteItem => itemOf(cloud.makeFolder(path));
    return this.write(`makeFolders ${paths.length}`, () => each(paths, make));
  }

  relocate(
    call: "move" | "copy",
    pairs: readonly Pair[],
  ): Promise<readonly (RemoteItem | SnapError)[]> {
    const { cloud } = this.#wire;
    const relocateOne = ({ from, to }: Pair): RemoteItem =>
      call === "move" ? itemOf(cloud.move(from, to)) : this.#copy(from, to);
    return this.write(`${call} ${pairs.length}`, () => each(pairs, relocateOne));
  }

  protected write<T>(call: string, work: () => T): Promise<T> {
    return this.inTurn(() => this.call(call, work));
  }

  /** One writer at a time (S59). */
  protected inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writer.then(work);
    this.#writer = turn.catch(() => undefined);
    return turn;
  }

  /** One request: it travels, the server does it, the answer travels; either way may fail, and is tried again. */
  protected call<T>(
    call: string,
    work: () => T,
    onFault?: (fault: WireFault | undefined) => void,
  ): Promise<T> {
    const { gate, fault: draw, clock, rng } = this.#wire;
    return withRetries(
      async () => {
        await gate(`> ${call}`);
        const fault = draw(call);
        refuseBefore(fault);
        const result = work();
        await gate(`< ${call}${fault === undefined ? "" : ` (${fault})`}`);
        if (fault === "answer lost") throw failed("offline", "the answer was lost");
        onFault?.(fault);
        return result;
      },
      { clock, rng },
    );
  }

  #finish(request: SmallUpload, stable: ReadonlySet<SmallUpload>): RemoteItem {
    const { cloud, onUpload } = this.#wire;
    const { bytes, hash, path, replaces, modified } = request;
    if (!stable.has(request) || contentHashOf(bytes) !== hash) throw changed();
    onUpload?.(request, cloud.at(path));
    return itemOf(cloud.write(path, { bytes, replaces, modified }));
  }

  #fileAt(folder: RelPath, place: string): { readonly bytes?: Uint8Array } {
    const node = this.#wire.cloud.at(folder === "" ? place : `${folder}/${place}`);
    return node?.kind === "file" ? { bytes: node.bytes } : {};
  }

  #copy(from: RelPath, to: RelPath): RemoteItem {
    const { cloud } = this.#wire;
    const node = cloud.at(from);
    if (node?.kind !== "file") throw failed("not-found", "no file is there");
    if (cloud.at(to) !== undefined) throw failed("conflict", "something is there");
    const { bytes, modified } = node;
    return itemOf(cloud.write(to, { bytes, replaces: undefined, modified }));
  }
}

function each<E, T>(entries: readonly E[], work: (entry: E) => T): readonly (T | SnapError)[] {
  return entries.map((entry) => {
    try {
      return work(entry);
    } catch (error) {
      if (isSnapError(error)) return error;
      throw error;
    }
  });
}
