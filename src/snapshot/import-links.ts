import { CheckedRecord } from "../core/snapshot/checked-json.ts";
import { decodeEntry } from "../core/snapshot/entry.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { placedLine, textOfLine } from "../core/snapshot/entry-sorter.ts";
import { mergeTwo } from "../std/line-sorter.ts";
import { importMode } from "./import-collect.ts";
import type { ImportSpools } from "./import-spools.ts";

/** Another name of a file that came before in an archive. */
export type HardLink = {
  readonly path: string;
  readonly modifiedNs: string | undefined;
  readonly mode: number | undefined;
  /** Position in the archive. */
  readonly number: number;
};

/** What no entry begins with: an entry is an object that begins with its path. */
const linkMark = "L";

/** A hard link as a line beside the entries that its target may be. */
export function linkLine(target: string, link: HardLink): string {
  const mode = link.mode === undefined ? undefined : importMode(link.mode);
  const text = linkMark + JSON.stringify({ ...link, mode, target });
  return placedLine(target, { number: link.number, text });
}

/**
 * Give each hard link the content of the file that had the name of its target then: it may have been replaced in the archive since.
 * A link to anything else is refused (X12).
 */
export function resolveLinks(spools: ImportSpools): void {
  let current: SnapshotEntry | undefined;
  let grouped: string | undefined;
  for (const line of mergeTwo(spools.entries.lines(), spools.links.sorted())) {
    const text = textOfLine(line);
    if (!text.startsWith(linkMark)) {
      current = decodeEntry(text);
      continue;
    }
    const link = CheckedRecord.parse(text.slice(linkMark.length), "A link of an archive");
    const [path, target] = [link.text("path"), link.text("target")];
    if (current?.type !== "file" || current.path !== target) {
      const reason = `Refused: it is a link to "${target}", which is no file before it`;
      spools.leave({ path, reason });
      continue;
    }
    spools.linked.add(linkedEntry(link, current), link.count("number"));
    if (grouped !== target) spools.groups.add(JSON.stringify(target));
    grouped = target;
  }
}

function linkedEntry(link: CheckedRecord, file: SnapshotEntry): SnapshotEntry {
  const modifiedNs = link.optionalText("modifiedNs");
  const mode = link.optionalText("mode");
  return {
    ...file,
    path: link.text("path"),
    linkGroup: file.path,
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
    ...(mode === undefined ? {} : { mode }),
  };
}
