import { TestClock } from "./test-clock.ts";

const dayMs = 24 * 3_600_000;

/**
 * Stands a day behind the disk, so that no stamp is ever old enough to be believed: edits in one tick of the disk's
 * clock are seen (S24). In whole milliseconds, like the system's.
 */
export class WorldClock extends TestClock {
  constructor() {
    super(Date.now() - dayMs);
  }

  override now(): number {
    return Math.floor(super.now());
  }
}
