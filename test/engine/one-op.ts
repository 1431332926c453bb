import { CommitQueue } from "../../src/engine/execute/commit-queue.ts";
import { RemoteConfirmation } from "../../src/engine/execute/confirm-remote.ts";
import type { Execution } from "../../src/engine/execute/execution.ts";
import { RepositoryGate } from "../../src/engine/execute/repository-gate.ts";
import { Room } from "../../src/engine/execute/room.ts";
import type { EngineDeps } from "../../src/engine/engine-deps.ts";
import { Plans, type Planned } from "../../src/engine/make-plan.ts";
import { observeBoth } from "../../src/engine/observe.ts";
import { Tally } from "../../src/engine/report.ts";
import { bodyMemoryMaxBytes } from "../../src/engine/limits.ts";
import { ByteBudget } from "../../src/std/byte-budget.ts";
import { present } from "../../src/std/assert.ts";
import type { LinkedWorkspace } from "./linked-workspace.ts";

/** What a sync would do now: the first plan after a look at both sides. */
export async function plannedIn({ deps }: LinkedWorkspace): Promise<Planned> {
  return present(new Plans(deps, await observeBoth(deps, {})).next(), "a plan");
}

/** What one op of a plan needs, as a round makes it. */
export function executionOf(deps: EngineDeps, { result }: Planned): Execution {
  const { target, decided, isHeld } = result;
  return {
    deps,
    mayGo: (node) => decided.has(node) && target.get(node) === undefined && !isHeld(node),
    mayGoUp: () => Promise.resolve(true),
    repositories: new RepositoryGate(deps, deps.clock.now()),
    commits: new CommitQueue(deps.index),
    confirm: new RemoteConfirmation(deps.remote),
    tally: new Tally({}),
    staging: { kind: "staging", id: "one" },
    room: new Room(),
    memory: new ByteBudget(bodyMemoryMaxBytes),
    cycle: 1,
    work: {},
  };
}
