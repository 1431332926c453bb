import type { RemoteItem, RemotePage } from "../../core/tree/remote-item.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { excludeAppeared } from "./appeared-folders.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { RemoteJudge } from "./judge-remote.ts";
import { findUnlisted, removeUnnamed } from "./listing-end.ts";
import { askAboutOldViews } from "./old-views.ts";
import { RemoteRows } from "./remote-rows.ts";
import { movedFolders } from "../scope/exclusions-in-force.ts";
import type { Scope } from "../scope/scope.ts";

/** A page, and what the server said when it was asked about it. */
type Applied = Pick<RemotePage, "changes" | "restart"> & {
  readonly answers?: readonly RemoteItem[];
  /** What it said that it has no more. */
  readonly gone?: readonly NodeId[];
};

/** Ids that one look keeps: many times what the server moves by one call. */
const namedMax = 100_000;

/** One look at the server, page by page. */
export class Listing {
  /** With what this look excluded by itself. */
  scope: Scope;
  readonly #deps: EngineDeps;
  readonly #rows: RemoteRows;
  /** Ids of what this look named; undefined where nobody wants to know, or where they are too many. */
  #named: Set<string> | undefined;
  #cursor: string | undefined;

  constructor(deps: EngineDeps, scope: Scope) {
    this.#deps = deps;
    this.scope = scope;
    this.#rows = new RemoteRows(deps.index, () => this.scope.exclusions);
    this.#cursor = deps.index.meta("cursor");
    this.#named = movedFolders(deps.index).length > 0 ? new Set() : undefined;
  }

  /** Everything is listed from its beginning. */
  get isWhole(): boolean {
    return this.#rows.startsAnew;
  }

  /** Whether a page of this look named what has this id; false where that was not kept. */
  hasNamed(remoteId: string): boolean {
    return this.#named?.has(remoteId) ?? false;
  }

  /** Apply every page since the cursor (S30). */
  async follow(work: Work): Promise<void> {
    let listed = 0;
    for await (const page of this.#deps.remote.pages(this.#cursor, work)) {
      throwIfAborted(work.signal);
      this.#applyPage(page, await this.#askAbout(page, work));
      this.#noteNamed(page);
      listed += page.changes.length;
      const step = { step: "list", done: listed, bytes: 0 };
      work.onProgress?.({ ...step, total: undefined, bytesTotal: undefined });
    }
  }

  #noteNamed({ changes }: RemotePage): void {
    for (const change of changes) {
      if (change.change === "present") this.#named?.add(change.item.remoteId);
    }
    if (this.#named !== undefined && this.#named.size > namedMax) this.#named = undefined;
  }

  /** Before the page counts as read: an answer is applied together with it. */
  async #askAbout(page: RemotePage, work: Work): Promise<readonly RemoteItem[]> {
    if (page.restart || this.#rows.startsAnew) return [];
    return await askAboutOldViews(this.#deps, page, work);
  }

  /** While everything is listed there is no cursor to go on from: what was not named yet is not known (S34). */
  #applyPage(page: RemotePage, answers: readonly RemoteItem[]): void {
    const { index } = this.#deps;
    const appeared = excludeAppeared(this.#deps, this.scope, page);
    this.scope = appeared.scope;
    this.#cursor = page.cursor;
    const { changes, restart } = page;
    this.apply({ changes, restart, answers }, () => {
      appeared.commit();
      index.setMeta("cursor", this.#rows.startsAnew ? undefined : page.cursor);
      index.setMeta("complete", undefined);
    });
  }

  /** Put changes into the tree, then answers of the server, and judge what they touched, in one transaction with `also`. */
  apply({ answers, gone, ...page }: Applied, also: () => void): void {
    this.#deps.index.transaction(() => {
      this.#rows.apply(page);
      for (const item of answers ?? []) this.#rows.putItem(item);
      for (const node of gone ?? []) this.#rows.remove(node);
      this.#judge();
      also();
    });
  }

  #judge(): void {
    new RemoteJudge(this.#deps.index, this.scope).touched(this.#rows.takeTouched());
  }

  /** After the last page. Plans may be made then. */
  async end(work: Work): Promise<void> {
    const { index } = this.#deps;
    if (this.#rows.startsAnew) removeUnnamed(this.#deps, this.#rows);
    await findUnlisted(this.#deps, this.#rows, work);
    index.transaction(() => {
      this.#judge();
      index.remoteMemory.endListing();
      index.setMeta("cursor", this.#cursor);
      index.setMeta("complete", "1");
    });
  }
}
