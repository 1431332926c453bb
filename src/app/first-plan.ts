import type { Op } from "../core/plan/op.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import { openEngine } from "../engine/engine.ts";
import { planFirst, type FirstSide } from "../restore/first-sync.ts";
import type { Work } from "../std/events.ts";
import { outOfRuns } from "../std/runs.ts";
import { connect } from "./accounts.ts";
import { captureSource } from "./capture-source.ts";
import type { LinkPlan } from "./link.ts";
import type { PreparedLink } from "./prepare-link.ts";
import { restoreDeps } from "./restore-world.ts";
import type { RestoreEvent } from "./restore.ts";
import { engineDepsOf, type LinkedWorkspace } from "./workspace.ts";

/** How the first sync of a link treats the two sides: unite them, or make one like the other (S44). */
export type Initial = "merge" | FirstSide;

/** How many files, and their bytes. */
export type Amount = { readonly files: number; readonly bytes: number };

/** What uniting the two sides would do. */
export type UnitePlan = {
  readonly up: Amount;
  readonly down: Amount;
  /** Equal on both sides: nothing travels. */
  readonly equal: number;
  /** Different content under one name: both are kept. */
  readonly conflicts: number;
  /** Some paths of each kind. */
  readonly examples: readonly { readonly does: string; readonly path: string }[];
  readonly left: readonly LeftPath[];
};

/** What a first sync would do. */
export type FirstPlan =
  | { readonly kind: "unite"; readonly plan: UnitePlan }
  | { readonly kind: "one-sided"; readonly side: FirstSide; readonly plan: RestorePlan };

/** What is looked at, and how. */
export type FirstLook = {
  readonly link: LinkPlan;
  readonly initial: Initial;
  readonly onEvent: (event: RestoreEvent) => void;
};

/**
 * Look at both sides of a link that does not exist yet. What is read here need not be read again by the first sync.
 *
 * @throws {SnapError} what keeps the engine from observing
 */
export async function planFirstSync(
  prepared: PreparedLink,
  { link, initial, onEvent }: FirstLook,
  work: Work,
): Promise<FirstPlan> {
  // Where nothing is in Dropbox, there is nothing to look at, and nothing to lose.
  if (!link.remoteExists) return { kind: "unite", plan: await pushOnly(prepared, work) };
  await using connection = await connect(prepared.environment, link.account.id);
  const remote = connection.side(link.remote);
  const engineDeps = await engineDepsOf(prepared, remote);
  const { environment, record, local, state, contents } = prepared;
  const linked: LinkedWorkspace = {
    environment,
    record,
    local,
    state,
    contents,
    remote,
    engineDeps,
    engine: openEngine(engineDeps),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  if (initial === "merge") {
    return { kind: "unite", plan: await planUnion(linked, work) };
  }
  const deps = await restoreDeps(linked, onEvent);
  return { kind: "one-sided", side: initial, plan: await planFirst(deps, initial, work) };
}

/** Examples of a kind. */
const examplesMax = 5;

async function pushOnly(prepared: PreparedLink, { signal }: Work): Promise<UnitePlan> {
  const source = await captureSource(prepared, { side: "local" });
  const draft = new Draft();
  for await (const { path, type, size } of outOfRuns(source.entries(() => {}))) {
    signal?.throwIfAborted();
    if (type === "file") draft.add("upload", path, size ?? 0);
  }
  return draft.end([]);
}

/** The ops are counted as they come: there may be as many as files (S107). */
async function planUnion({ engine }: LinkedWorkspace, work: Work): Promise<UnitePlan> {
  const draft = new Draft();
  const onOps = (ops: readonly Op[]): void => {
    for (const op of ops) addOp(draft, op);
  };
  const { left } = await engine.dryRun({ ...work, onOps });
  return draft.end(left);
}

function addOp(draft: Draft, op: Op): void {
  if (op.kind === "R.put") draft.add("upload", op.path, op.after.size);
  else if (op.kind === "L.put") draft.add("download", op.path, op.after.size);
  else if (op.kind === "L.aside") draft.add("conflict", op.from, 0);
  else if (op.kind === "S.adopt" && op.after.kind === "file") draft.add("equal", op.path, 0);
}

const deeds = ["upload", "download", "equal", "conflict"] as const;

type Deed = (typeof deeds)[number];

class Draft {
  readonly #files = new Map<Deed, number>();
  readonly #bytes = new Map<Deed, number>();
  readonly #examples: { readonly does: Deed; readonly path: string }[] = [];

  add(does: Deed, path: string, bytes: number): void {
    const files = this.#files.get(does) ?? 0;
    this.#files.set(does, files + 1);
    this.#bytes.set(does, (this.#bytes.get(does) ?? 0) + bytes);
    if (files < examplesMax) this.#examples.push({ does, path });
  }

  end(left: readonly LeftPath[]): UnitePlan {
    const amount = (does: Deed): Amount => ({
      files: this.#files.get(does) ?? 0,
      bytes: this.#bytes.get(does) ?? 0,
    });
    return {
      up: amount("upload"),
      down: amount("download"),
      equal: amount("equal").files,
      conflicts: amount("conflict").files,
      examples: deeds.flatMap((deed) => this.#examples.filter(({ does }) => does === deed)),
      left,
    };
  }
}
