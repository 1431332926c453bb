import type { RestoreFacts } from "../core/snapshot/restore-report.ts";
import { readFacts } from "../core/snapshot/restore-report.ts";
import type { RestoreItemRow, RestoreRow, RestoreState } from "../core/snapshot/restore-state.ts";
import { present } from "../std/assert.ts";
import type { Progress, Work } from "../std/events.ts";
import type { RestoreDeps } from "./restore-deps.ts";

/** How far a step is. */
export type StepCount = Pick<Progress, "done" | "total"> &
  Partial<Pick<Progress, "bytes" | "bytesTotal">>;

/** One restore on its way. All that it knows is in the journal, so that recovery starts from the same place. */
export class Run {
  readonly deps: RestoreDeps;
  readonly id: string;
  readonly work: Work;

  constructor(deps: RestoreDeps, id: string, work: Work) {
    this.deps = deps;
    this.id = id;
    this.work = work;
  }

  get row(): RestoreRow {
    return present(this.deps.journal.restore(this.id), "the row of a restore under way");
  }

  get facts(): RestoreFacts {
    return readFacts(this.row);
  }

  /** Dropbox is emptied, and everything uploaded anew (T36). */
  get isDocumented(): boolean {
    return this.facts.options.procedure === "documented";
  }

  get items(): readonly RestoreItemRow[] {
    return this.deps.journal.items(this.id);
  }

  /** Enter a state, durably, together with other writes of one transaction. */
  enter(state: RestoreState, also: () => void = () => {}): void {
    this.deps.index.transaction(() => {
      also();
      this.deps.journal.putRestore({ ...this.row, state });
    });
    this.deps.onEvent({ type: "state", restore: this.id, state });
  }

  /** Keep what became known of the restore. */
  note(facts: Partial<RestoreFacts>): void {
    const options = JSON.stringify({ ...this.facts, ...facts });
    this.deps.journal.putRestore({ ...this.row, options });
  }

  /** Tell how far a step is. */
  progress(step: string, count: StepCount): void {
    const progress = { step, bytes: 0, bytesTotal: undefined, ...count };
    this.deps.onEvent({ type: "progress", ...progress });
    this.work.onProgress?.(progress);
  }
}
