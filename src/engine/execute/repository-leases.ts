import { isWriteOp, type Op } from "../../core/plan/op.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import { gitdirPlace, type GitdirPlace } from "../../core/repo/gitdir-path.ts";
import type { LeaseHolder } from "../../core/repo/lease.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import { withSubject } from "../disk/held-repository.ts";
import { hasOverrides, type EngineDeps } from "../engine-deps.ts";

/** The leases of one round: taken before the first op of a repository, given back at its end (G45). */
export class RoundLeases implements AsyncDisposable {
  readonly #deps: Pick<EngineDeps, "config" | "leases">;
  readonly #left = new Map<RelPath, LeftPath>();

  constructor(deps: Pick<EngineDeps, "config" | "leases">) {
    this.#deps = deps;
  }

  /** The ops without those of repositories that another device writes. @throws {SnapError} as `RepositoryLeases.take` */
  async granted(ops: readonly Op[]): Promise<readonly Op[]> {
    const { config, leases } = this.#deps;
    if (leases === undefined || !hasOverrides(config)) return ops;
    const places = new Map<Op, GitdirPlace | undefined>(
      ops.filter(isWriteOp).map((op) => [op, gitdirPlace(config, op.path)]),
    );
    const refused = new Set<RelPath>();
    const asked = new Map([...places.values()].flatMap((one) => (one ? [[one.gitdir, one]] : [])));
    for (const { gitdir, repository } of asked.values()) {
      const holder = await leases.take(gitdir);
      if (holder === undefined) continue;
      refused.add(gitdir);
      this.#left.set(repository, heldElsewhere(repository, holder));
    }
    return ops.filter((op) => {
      const place = places.get(op);
      return place === undefined || !refused.has(place.gitdir);
    });
  }

  /** Repositories that wait for another device. */
  left(): readonly LeftPath[] {
    return [...this.#left.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deps.leases?.release();
  }
}

function heldElsewhere(repository: RelPath, { name, endsAt }: LeaseHolder): LeftPath {
  const holder = JSON.stringify(name);
  return {
    path: repository,
    kind: "hold",
    reason: withSubject(repository, `holds a repository that is being synced by ${holder}`),
    hint: "It goes on by itself when that device is done, or 15 minutes after it was last heard of.",
    againAt: endsAt,
  };
}
