import type { LocalSide } from "../../ports.ts";
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
  return {
    top: side.top,
    readMarker: () => side.readMarker(),
    writeMarker: (marker) => side.writeMarker(marker),
    removeMarker: () => side.removeMarker(),
    granularityNs: () => side.granularityNs(),
    list: (folder) => side.list(folder),
    stat: (path) => side.stat(path),
    open: (path) => side.open(path),
    hash: (path, work) => side.hash(path, work),
    hashEach: (paths, work) => side.hashEach(paths, work),
    readEach: (request, work) => side.readEach(request, work),
    stage: (request, work) => side.stage(request, work),
    makeFolder: (path) => inTurn(() => side.makeFolder(path)),
    perform: (act) => inTurn(() => side.perform(act)),
    settle: (act) => inTurn(() => side.settle(act)),
    setMetadata: (path, metadata) => inTurn(() => side.setMetadata(path, metadata)),
    openInArea: (place) => side.openInArea(place),
    areas: (kind) => side.areas(kind),
    removeArea: (area) => side.removeArea(area),
    freeBytes: () => side.freeBytes(),
  };
}
