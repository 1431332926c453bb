import type { Op } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import { stepIn, type GitdirStep } from "../../core/repo/gitdir-order.ts";
import type { Entry, NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { hasOverrides, type EngineConfig, type EngineDeps } from "../engine-deps.ts";

/** For so long a repository that was found at rest is believed to be so, ms. */
const freshMs = 2_000;

/** Dirty nodes that are read at once. */
const pageNodes = 1_000;

/** Where an op stands in the order of a repository that is synced by override; undefined for all others (G45). */
function stepOfOp(config: EngineConfig, { kind, path }: Op): GitdirStep | undefined {
  if (!hasOverrides(config)) return undefined;
  if (kind === "L.put" || kind === "R.put") return stepIn(config, path, "put");
  const isRemoval = kind === "L.trash" || kind === "R.delete" || kind === "R.deleteDir";
  return isRemoval ? stepIn(config, path, "removal") : undefined;
}

/**
 * Without what has to wait: in a repository that is synced by override nothing goes before something that it needs and that is
 * not among the ops, whatever the reason: it is held, parked, unread, or comes with another slice (G45).
 */
export function inOrder({ index, config }: EngineDeps, ops: readonly Op[]): readonly Op[] {
  const steps = new Map(ops.map((op) => [op, stepOfOp(config, op)]));
  const gitdirs = new Set([...steps.values()].flatMap((step) => step?.gitdir ?? []));
  if (gitdirs.size === 0) return ops;
  const running = new Set(ops.map(({ node }) => node));
  const first = new Map<RelPath, number>();
  for (const { gitdir, step } of awaited({ index, config }, running)) {
    if (step < (first.get(gitdir) ?? Infinity)) first.set(gitdir, step);
  }
  return ops.filter((op) => {
    const place = steps.get(op);
    return place === undefined || place.step <= (first.get(place.gitdir) ?? Infinity);
  });
}

type Known = Pick<EngineDeps, "index" | "config">;

/** What is still to be written on one of the sides, and is not being written now. */
function* awaited({ index, config }: Known, running: ReadonlySet<NodeId>): Generator<GitdirStep> {
  for (let page = index.dirty(0, pageNodes); page.length > 0;) {
    for (const node of page) {
      if (running.has(node)) continue;
      const step = stepOfUneven({ index, config }, node);
      if (step !== undefined) yield step;
    }
    page = index.dirty(page.at(-1) ?? 0, pageNodes);
  }
}

/** Of a file that is new or other on one side; what is only to be removed is needed by nothing. */
function stepOfUneven({ index, config }: Known, node: NodeId): GitdirStep | undefined {
  const agreed = index.synced.get(node)?.hash;
  const local = index.local.get(node);
  const seen = index.remote.get(node);
  const remote = seen?.scope === "in" ? seen : undefined;
  const isEqual = local?.hash !== undefined && local.hash === remote?.hash;
  if (isEqual || !(isNew(local, agreed) || isNew(remote, agreed))) return undefined;
  const path = pathOf(local === undefined ? index.remote : index.local, node);
  return path === undefined ? undefined : stepIn(config, path, "put");
}

/** A file with other content than was agreed on, or with content that is not known yet. */
function isNew(entry: Entry | undefined, agreed: string | undefined): boolean {
  return entry?.kind === "file" && (entry.hash === undefined || entry.hash !== agreed);
}

type GateDeps = Pick<EngineDeps, "config" | "workTrees" | "leases" | "clock">;

/** Keeps the files of repositories that are synced by override in their order while a plan runs (G45). */
export class RepositoryGate {
  readonly #deps: GateDeps;
  readonly #lookedAt: number;
  /** The first step of each repository that did not come off. */
  readonly #failed = new Map<RelPath, number>();
  readonly #asked = new Map<string, { readonly at: number; readonly busy: string | undefined }>();

  /** @param lookedAt when the look began that the plan was made from, ms since 1970 */
  constructor(deps: GateDeps, lookedAt: number) {
    this.#deps = deps;
    this.#lookedAt = lookedAt;
  }

  /** Where an op stands in its order: transfers of one step travel side by side. */
  stepOf(op: Op): number | undefined {
    return stepOfOp(this.#deps.config, op)?.step;
  }

  /** Why an op may not run now, as the end of a sentence. */
  async refusal(op: Op): Promise<string | undefined> {
    const place = stepOfOp(this.#deps.config, op);
    if (place === undefined) return undefined;
    const { gitdir, step } = place;
    if (step > (this.#failed.get(gitdir) ?? Infinity)) {
      return "something that it needs in its repository has not been synced";
    }
    if ((await this.#deps.leases?.take(gitdir)) !== undefined) {
      return "another device has begun to write its repository";
    }
    return await this.#busy(gitdir, op.kind.startsWith("R.") ? "up" : "down");
  }

  /** An op has not come off. */
  fail(op: Op): void {
    const place = stepOfOp(this.#deps.config, op);
    if (place === undefined) return;
    const { gitdir, step } = place;
    if (step < (this.#failed.get(gitdir) ?? Infinity)) this.#failed.set(gitdir, step);
  }

  /** What comes down is written by ourselves: then only a lock tells of others. */
  async #busy(gitdir: RelPath, way: "up" | "down"): Promise<string | undefined> {
    const { workTrees, clock } = this.#deps;
    const now = clock.now();
    const key = `${way} ${gitdir}`;
    const known = this.#asked.get(key);
    if (known !== undefined && known.at <= now && now - known.at < freshMs) return known.busy;
    const busy =
      way === "up"
        ? await workTrees?.resting(gitdir, this.#lookedAt)
        : await workTrees?.locked(gitdir);
    this.#asked.set(key, { at: now, busy: busy && `its folder ${busy.reason}` });
    return busy && `its folder ${busy.reason}`;
  }
}
