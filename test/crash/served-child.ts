import { runServer } from "../../src/server/run.ts";
import type { RunningServer } from "../../src/server/run.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import type { Clock } from "../../src/std/time.ts";

/** What the parent tells the server in this process to do. */
export type ChildOrder =
  | { readonly kind: "open"; readonly folder: string; readonly aheadMs: number }
  /** The clock jumps so far ahead; old tokens end with that. */
  | { readonly kind: "jump"; readonly byMs: number };

/** What it tells back: where it is, and a token that serves now. */
export type ChildReport = { readonly port: number; readonly token: string };

let aheadMs = 0;
let running: RunningServer | undefined;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };

/** Run as a process of its own: loads the program at once, serves a folder when it is told which, and is killed. */
process.on("message", (order: ChildOrder) => {
  void carryOut(order);
});

async function carryOut(order: ChildOrder): Promise<void> {
  if (order.kind === "open") {
    ({ aheadMs } = order);
    running = await runServer({
      data: order.folder,
      tls: "http",
      port: 0,
      clock,
      rng: systemRng,
      checkResponses: true,
    });
  } else {
    aheadMs += order.byMs;
  }
  if (running !== undefined) process.send?.(reportOf(running));
}

function reportOf({ server, port }: RunningServer): ChildReport {
  const account = server.accounts()[0] ?? server.addAccount({ name: "Anna Berg" });
  return { port, token: server.issueToken(account.id).accessToken };
}
