import type { LocalSide } from "../../ports.ts";
import { localSideWith } from "./local-side-with.ts";
import type { Stand } from "./stand.ts";

/**
 * The disk of a workspace where writing waits as long as somebody stands still there (N34). What goes into our own folder, like a
 * download on its way, is in no snapshot and does not wait.
 *
 * @param signal of the work that is under way, which ends the waiting
 */
export function standingSide(
  side: LocalSide,
  stand: Stand,
  signal: () => AbortSignal | undefined,
): LocalSide {
  const inTurn = async <T>(act: () => Promise<T>): Promise<T> => {
    using _turn = await stand.enter(signal());
    return await act();
  };
  return localSideWith(side, {
    makeFolder: (path) => inTurn(() => side.makeFolder(path)),
    perform: (act) => inTurn(() => side.perform(act)),
    settle: (act) => inTurn(() => side.settle(act)),
    setMetadata: (path, metadata) => inTurn(() => side.setMetadata(path, metadata)),
  });
}
