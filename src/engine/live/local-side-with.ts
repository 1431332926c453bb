import type { LocalSide } from "../../ports.ts";

/** The acts that change what stands in a workspace. */
export type WritingActs = Pick<LocalSide, "makeFolder" | "perform" | "settle" | "setMetadata">;

/** A local side where the acts that write are other ones, and everything else is passed on. */
export function localSideWith(side: LocalSide, acts: WritingActs): LocalSide {
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
    makeFolder: (path) => acts.makeFolder(path),
    perform: (act) => acts.perform(act),
    settle: (act) => acts.settle(act),
    setMetadata: (path, metadata) => acts.setMetadata(path, metadata),
    openInArea: (place) => side.openInArea(place),
    areas: (kind) => side.areas(kind),
    removeArea: (area) => side.removeArea(area),
    freeBytes: () => side.freeBytes(),
  };
}
