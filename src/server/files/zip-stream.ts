import { Readable } from "node:stream";
import { assert } from "../../std/assert.ts";
import { contentPieces } from "./content-stream.ts";
import type { ContentSource } from "./content-stream.ts";
import type { ZipEntry } from "./zip-entries.ts";

type FileEntry = Extract<ZipEntry, { readonly kind: "file" }>;

/**
 * A zip file of the entries, made while it is read; the same entries make the same bytes (V44).
 *
 * Content is stored as it is: deflating would cost more time than it saves on a fast line, and most large files are
 * packed already. The library is loaded with the first zip, because few processes ever make one.
 */
export async function zipStream(
  source: ContentSource,
  entries: readonly ZipEntry[],
): Promise<Readable> {
  let stop = (_error: Error): void => {};
  const blocks = ofKind(entries, "file").flatMap(({ content }) => content.blocks);
  const end = source.store.guard.beginReading({ blocks, stop: (error) => stop(error) });
  const { ZipFile } = await import("yazl");
  const zip = new ZipFile();
  const { outputStream: output } = zip;
  assert(output instanceof Readable, "a zip file comes out of a stream of Node's");
  stop = (error) => void output.destroy(error);
  output.once("close", end);
  output.on("error", () => {
    // Whoever reads is told; nobody may have begun to.
  });
  zip.on("error", (error: Error) => output.destroy(error));
  // Folders go first: the library writes several in a row one inside the other's call, unless nothing waits.
  for (const { name } of ofKind(entries, "folder")) {
    zip.addEmptyDirectory(name, { mtime: new ZipTime(0) });
  }
  for (const file of ofKind(entries, "file")) {
    const options = {
      mtime: new ZipTime(file.modifiedSeconds),
      size: file.content.size,
      compress: false,
    };
    zip.addReadStreamLazy(file.name, options, (giveStream) =>
      giveStream(undefined, fileStream(source, file, output)),
    );
  }
  zip.end();
  return output;
}

function ofKind<K extends ZipEntry["kind"]>(
  entries: readonly ZipEntry[],
  kind: K,
): readonly Extract<ZipEntry, { readonly kind: K }>[] {
  return entries.filter((entry) => isOfKind(entry, kind));
}

function isOfKind<K extends ZipEntry["kind"]>(
  entry: ZipEntry,
  kind: K,
): entry is Extract<ZipEntry, { readonly kind: K }> {
  return entry.kind === kind;
}

/** One file's bytes. What fails here ends the zip, and the end of the zip, whatever the reason, ends this. */
function fileStream(source: ContentSource, { content }: FileEntry, output: Readable): Readable {
  const pieces = contentPieces(source, content, { start: 0, end: content.size });
  const stream = Readable.from(pieces, { objectMode: false });
  const stop = (): void => void stream.destroy();
  output.once("close", stop);
  stream.once("close", () => output.off("close", stop));
  stream.once("error", (error) => output.destroy(error));
  return stream;
}

/** The first and the last moment that lie within the years of a zip file, 1980 to 2107, in every time zone. */
const earliestMs = Date.UTC(1980, 0, 1, 12);
const latestMs = Date.UTC(2107, 11, 31, 9);

/** A time whose local parts are those of UTC: the library writes local ones, and bytes must not depend on a zone. */
class ZipTime extends Date {
  constructor(seconds: number) {
    super(Math.min(latestMs, Math.max(earliestMs, seconds * 1000)));
  }

  override getFullYear(): number {
    return this.getUTCFullYear();
  }

  override getMonth(): number {
    return this.getUTCMonth();
  }

  override getDate(): number {
    return this.getUTCDate();
  }

  override getHours(): number {
    return this.getUTCHours();
  }

  override getMinutes(): number {
    return this.getUTCMinutes();
  }

  override getSeconds(): number {
    return this.getUTCSeconds();
  }
}
