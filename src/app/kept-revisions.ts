import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { RemoteSide } from "../ports.ts";
import { connect, type Connection } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { requireLink } from "./find-workspace.ts";

/** Asks Dropbox whether it still holds what a file of a snapshot was, as an older revision (N50); connects when first asked. */
export class KeptRevisions implements AsyncDisposable {
  readonly #environment: Environment;
  readonly #place: string;
  #connection: Connection | undefined;

  constructor(environment: Environment, place: string) {
    this.#environment = environment;
    this.#place = place;
  }

  /** Only what was synced when it was captured has a revision. Nothing is downloaded. */
  async holds({ remote, hash }: SnapshotEntry): Promise<boolean> {
    if (remote === undefined || hash === undefined) return false;
    return (await (await this.#side()).revision(remote.rev)) === hash;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.[Symbol.asyncDispose]();
  }

  async #side(): Promise<RemoteSide> {
    const record = requireLink(this.#environment, this.#place);
    this.#connection ??= await connect(this.#environment, record.account, record.id);
    return this.#connection.side(record.remote);
  }
}
