import type { Dropbox, files } from "dropbox";
import type { ContentHash } from "../../src/core/tree/node.ts";
import type { Contents } from "./world-contents.ts";

/** Another device of the user: it acts on the linked folder through the official SDK. */
export class WorldCloud {
  readonly #sdk: Dropbox;
  readonly #top: string;
  readonly #contents: Contents;

  constructor(sdk: Dropbox, top: string, contents: Contents) {
    this.#sdk = sdk;
    this.#top = top;
    this.#contents = contents;
  }

  async write(file: string, content: string | Uint8Array): Promise<string> {
    const bytes = Buffer.from(content);
    this.#contents.wrote(`remote ${file}`, bytes, (await this.hashes(file)).get(file));
    const { result } = await this.#sdk.filesUpload({
      path: this.#path(file),
      contents: bytes,
      mode: { ".tag": "overwrite" },
    });
    return result.rev;
  }

  async copy(from: string, to: string): Promise<void> {
    this.#contents.acted();
    await this.#sdk.filesCopyV2({ from_path: this.#path(from), to_path: this.#path(to) });
  }

  async mkdir(folder: string): Promise<void> {
    this.#contents.acted();
    await this.#sdk.filesCreateFolderV2({ path: this.#path(folder) });
  }

  async remove(file: string): Promise<void> {
    this.#contents.acted();
    for (const [, hash] of await this.hashes(file)) if (hash !== "") this.#contents.gaveUp(hash);
    await this.#sdk.filesDeleteV2({ path: this.#path(file) });
  }

  async move(from: string, to: string): Promise<void> {
    this.#contents.acted();
    await this.#sdk.filesMoveV2({ from_path: this.#path(from), to_path: this.#path(to) });
  }

  /** Out of the linked folder, so that it looks removed; it keeps its id. */
  async takeOut(file: string): Promise<void> {
    this.#contents.acted();
    await this.#sdk.filesMoveV2({ from_path: this.#path(file), to_path: `/Elsewhere/${file}` });
  }

  async bringBack(file: string): Promise<void> {
    this.#contents.acted();
    await this.#sdk.filesMoveV2({ from_path: `/Elsewhere/${file}`, to_path: this.#path(file) });
  }

  async id(file: string): Promise<string | undefined> {
    const { result } = await this.#sdk.filesGetMetadata({ path: this.#path(file) });
    return result[".tag"] === "deleted" ? undefined : result.id;
  }

  async revisions(file: string): Promise<number> {
    const { result } = await this.#sdk.filesListRevisions({ path: this.#path(file) });
    return result.entries.length;
  }

  /** Content hashes of all revisions of a file; none where it never was. */
  async revisionHashes(file: string): Promise<string[]> {
    if ((await this.hashes(file)).size === 0) return [];
    const { result } = await this.#sdk.filesListRevisions({ path: this.#path(file) });
    return result.entries.map((entry) => entry.content_hash ?? "");
  }

  async bytes(file: string): Promise<Buffer> {
    const { result } = await this.#sdk.filesDownload({ path: this.#path(file) });
    const { fileBinary } = result as typeof result & { fileBinary: Buffer };
    return fileBinary;
  }

  /** Files and folders of the linked folder, our own documents left out, with content hashes, "" for folders. */
  async tree(): Promise<Map<string, ContentHash>> {
    return new Map([...(await this.all())].filter(([name]) => !/^\.snap(\/|$)/.test(name)));
  }

  /** Everything in the linked folder. */
  all(): Promise<Map<string, ContentHash>> {
    return this.hashes("");
  }

  /** What is at a place and below it, by path in the linked folder; empty where nothing is. */
  async hashes(file: string): Promise<Map<string, ContentHash>> {
    const found = new Map<string, ContentHash>();
    for (const entry of await this.#entries(this.#path(file))) {
      const name = (entry.path_display ?? "").slice(this.#top.length + 1);
      if (name === "" || entry[".tag"] === "deleted") continue;
      found.set(name, entry[".tag"] === "file" ? (entry.content_hash ?? "") : "");
    }
    return found;
  }

  async #entries(path: string): Promise<files.ListFolderResult["entries"]> {
    try {
      const { result: top } = await this.#sdk.filesGetMetadata({ path });
      if (top[".tag"] !== "folder") return [top];
      let { result } = await this.#sdk.filesListFolder({ path, recursive: true });
      const entries = [...result.entries];
      while (result.has_more) {
        ({ result } = await this.#sdk.filesListFolderContinue({ cursor: result.cursor }));
        entries.push(...result.entries);
      }
      return entries;
    } catch (error) {
      if (String(JSON.stringify(error)).includes("not_found")) return [];
      throw error;
    }
  }

  #path(file: string): string {
    return file === "" ? this.#top : `${this.#top}/${file}`;
  }
}
