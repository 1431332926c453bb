import { existsSync } from "node:fs";
import type { RelPath } from "../core/path/rel-path.ts";
import { rawPathOf } from "../core/snapshot/disk-path.ts";
import type { OfferedBlock, WantedBlock, RepairSources } from "../core/snapshot/repair-request.ts";
import type { ContentHash } from "../core/tree/node.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import { openLocalSide } from "../local/local-side.ts";
import type { IndexStore, RemoteSide } from "../ports.ts";
import { lookAtIndex } from "../state/database.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { workspaceFiles } from "../state/locations.ts";
import { describeError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { connect } from "./accounts.ts";
import type { Environment } from "./environment.ts";

/** Places of one content that are kept, on each side. */
const placesMax = 8;

type LocalPlace = { readonly record: WorkspaceRecord; readonly path: RelPath };
type RemotePlace = { readonly account: string; readonly rev: string };
type Places = { readonly local: LocalPlace[]; readonly remote: RemotePlace[] };

/**
 * Where a repair looks for content outside the store (N53): in files of the workspaces that have it by their indexes, at the path
 * that the snapshot tells, in files of Dropbox that have it by the indexes, and in the revision that the snapshot tells. The
 * lock of no workspace is held: what is read is hashed anyway.
 */
export class OutsideSources implements RepairSources, AsyncDisposable {
  readonly #environment: Environment;
  readonly #places = new Map<ContentHash, Places>();
  readonly #remotes = new Map<string, Promise<RemoteSide | undefined>>();
  readonly #stack = new AsyncDisposableStack();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  prepare(contents: ReadonlySet<ContentHash>): Promise<void> {
    for (const hash of contents) this.#places.set(hash, { local: [], remote: [] });
    for (const record of this.#environment.settings.read().workspaces) {
      try {
        this.#addPlacesOf(record);
      } catch (error) {
        this.#skip(`the index of "${record.path}"`, error);
      }
    }
    return Promise.resolve();
  }

  async *offers(wanted: WantedBlock, work: Work): AsyncGenerator<OfferedBlock> {
    const known = this.#places.get(wanted.file.hash ?? "") ?? { local: [], remote: [] };
    for (const place of [...known.local, ...this.#sameFile(wanted)]) {
      throwIfAborted(work.signal);
      const bytes = await this.#readLocal(place, wanted);
      if (bytes !== undefined) yield { from: "workspace", bytes };
    }
    for (const place of [...known.remote, ...sameRevision(wanted)]) {
      throwIfAborted(work.signal);
      const bytes = await this.#readRemote(place, wanted, work);
      if (bytes !== undefined) yield { from: "dropbox", bytes };
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  #addPlacesOf(record: WorkspaceRecord): void {
    const file = workspaceFiles(this.#environment.locations, record.id).index;
    if (!existsSync(file)) return;
    using state = lookAtIndex(file);
    if (state === undefined) return;
    this.#addLocal(record, state.index);
    if (record.account !== undefined) this.#addRemote(record.account, state.index);
  }

  #addLocal(record: WorkspaceRecord, { local }: Pick<IndexStore, "local">): void {
    for (const { node, kind, hash, absentAt } of local.all()) {
      const places = kind === "file" ? this.#places.get(hash ?? "") : undefined;
      if (places === undefined || absentAt !== undefined) continue;
      const path = places.local.length < placesMax ? pathOf(local, node) : undefined;
      if (path !== undefined) places.local.push({ record, path });
    }
  }

  #addRemote(account: string, { remote }: Pick<IndexStore, "remote">): void {
    for (const { kind, hash, rev } of remote.all()) {
      const places = kind === "file" ? this.#places.get(hash ?? "") : undefined;
      if (places !== undefined && places.remote.length < placesMax)
        places.remote.push({ account, rev });
    }
  }

  /** The file may have changed since, and still hold the block. */
  #sameFile({ file, from }: WantedBlock): readonly LocalPlace[] {
    const { workspaces } = this.#environment.settings.read();
    const record = workspaces.find(({ id }) => id === from.workspace.id);
    return record === undefined ? [] : [{ record, path: rawPathOf(file) }];
  }

  async #readLocal(
    { record, path }: LocalPlace,
    { offset, length }: WantedBlock,
  ): Promise<Uint8Array | undefined> {
    const { clock, rng } = this.#environment;
    try {
      await using file = await openLocalSide({ top: record.path, clock, rng }).open(path);
      if (file.stat.size < offset + length) return undefined;
      const parts: Uint8Array[] = [];
      for (let filled = 0; filled < length;) {
        const part = await file.read(offset + filled, length - filled);
        if (part.length === 0) return undefined;
        parts.push(part);
        filled += part.length;
      }
      return Buffer.concat(parts);
    } catch (error) {
      this.#skip(`"${path}" in "${record.path}"`, error);
      return undefined;
    }
  }

  async #readRemote(
    { account, rev }: RemotePlace,
    { offset, length }: WantedBlock,
    work: Work,
  ): Promise<Uint8Array | undefined> {
    const remote = await this.#remoteOf(account);
    if (remote === undefined) return undefined;
    try {
      const parts: Uint8Array[] = [];
      let filled = 0;
      const { signal } = work;
      for await (const part of remote.download(
        rev,
        offset,
        signal === undefined ? {} : { signal },
      )) {
        parts.push(part);
        filled += part.length;
        if (filled >= length) break;
      }
      return filled < length ? undefined : Buffer.concat(parts).subarray(0, length);
    } catch (error) {
      throwIfAborted(work.signal);
      this.#skip(`revision ${rev} of Dropbox`, error);
      return undefined;
    }
  }

  /** An account that cannot be reached is asked once. */
  #remoteOf(account: string): Promise<RemoteSide | undefined> {
    const known = this.#remotes.get(account) ?? this.#connect(account);
    this.#remotes.set(account, known);
    return known;
  }

  async #connect(account: string): Promise<RemoteSide | undefined> {
    try {
      const connection = this.#stack.use(await connect(this.#environment, account));
      return connection.side("");
    } catch (error) {
      this.#skip(`account ${account}`, error);
      return undefined;
    }
  }

  #skip(what: string, error: unknown): void {
    if (!(error instanceof SnapError)) throw error;
    this.#environment.logger.info(`cannot look for lost content in ${what}`, {
      reason: describeError(error),
    });
  }
}

function sameRevision({ file, from }: WantedBlock): readonly RemotePlace[] {
  if (file.remote === undefined || from.link === undefined) return [];
  return [{ account: from.link.account, rev: file.remote.rev }];
}
