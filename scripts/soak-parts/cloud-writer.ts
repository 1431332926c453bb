import { Dropbox, DropboxResponseError, type files } from "dropbox";
import type { Dice } from "../../test/support/sim/dice.ts";
import type { Contents } from "../../test/support/world-contents.ts";
import type { Tokens } from "./tokens.ts";

/** Who works where, and with what chance. */
export type CloudWriterOptions = {
  readonly sdk: Dropbox;
  /** The linked folder. */
  readonly top: string;
  readonly contents: Contents;
  readonly tokens: Tokens;
  readonly dice: Dice;
};

type Item = files.FileMetadataReference | files.FolderMetadataReference;

/** A user on the server beside whom programs work: it replaces and removes only the revision that it has seen. */
export class CloudWriter {
  readonly #options: CloudWriterOptions;
  /** Where it moved things to. */
  readonly movedTo: string[] = [];

  constructor(options: CloudWriterOptions) {
    this.#options = options;
  }

  /** One act, or the attempt at one. @returns what was done, for the log */
  async act(): Promise<string> {
    try {
      return await this.#options.dice.pick(this.#acts)();
    } catch (error) {
      // Somebody else was quicker.
      if (error instanceof DropboxResponseError && error.status === 409) return "";
      throw error;
    }
  }

  readonly #acts: readonly (() => Promise<string>)[] = [
    () => this.#edit(),
    () => this.#edit(),
    () => this.#create(),
    () => this.#create(),
    () => this.#move(),
    () => this.#remove(),
    () => this.#remove(),
    () => this.#makeFolder(),
  ];

  async #create(): Promise<string> {
    const { tokens } = this.#options;
    return await this.#upload(`${await this.#folder()}/r${tokens.count}`, undefined);
  }

  async #edit(): Promise<string> {
    const file = await this.#file();
    return file === undefined ? "" : await this.#upload(file.path_display ?? "", file);
  }

  async #upload(path: string, before: files.FileMetadata | undefined): Promise<string> {
    const { sdk, tokens, contents } = this.#options;
    const bytes = tokens.next();
    await sdk.filesUpload({
      path,
      contents: bytes,
      mode: before === undefined ? { ".tag": "add" } : { ".tag": "update", update: before.rev },
      strict_conflict: true,
    });
    contents.wrote(`remote ${path}`, bytes, before?.content_hash);
    return `remote write ${path}`;
  }

  async #remove(): Promise<string> {
    const file = await this.#file();
    if (file === undefined) return "";
    const { sdk, contents } = this.#options;
    const path = file.path_display ?? "";
    await sdk.filesDeleteV2({ path, parent_rev: file.rev });
    contents.acted();
    contents.gaveUp(file.content_hash ?? "");
    return `remote remove ${path}`;
  }

  /** A file or a folder, to a name that nobody has. */
  async #move(): Promise<string> {
    const { sdk, tokens, contents, dice, top } = this.#options;
    const from = dice.chance(0.3) ? await this.#folder() : (await this.#file())?.path_display;
    if (from === undefined || from === top) return "";
    const into = `${await this.#folder()}/rm${tokens.name()}`;
    if (into.startsWith(`${from}/`)) return "";
    await sdk.filesMoveV2({ from_path: from, to_path: into });
    this.movedTo.push(into);
    contents.acted();
    return `remote move ${from} -> ${into}`;
  }

  async #makeFolder(): Promise<string> {
    const { sdk, tokens, contents } = this.#options;
    const path = `${await this.#folder()}/rd${tokens.name()}`;
    await sdk.filesCreateFolderV2({ path });
    contents.acted();
    return `remote mkdir ${path}`;
  }

  async #folder(): Promise<string> {
    let at = this.#options.top;
    while (this.#options.dice.chance(0.6)) {
      const below = (await this.#below(at)).filter((item) => item[".tag"] === "folder");
      if (below.length === 0) return at;
      at = this.#options.dice.pick(below).path_display ?? at;
    }
    return at;
  }

  async #file(): Promise<files.FileMetadata | undefined> {
    const folder = await this.#folder();
    const found = (await this.#below(folder)).flatMap((item) =>
      item[".tag"] === "file" ? [item] : [],
    );
    return found.length === 0 ? undefined : this.#options.dice.pick(found);
  }

  async #below(folder: string): Promise<readonly Item[]> {
    const { sdk } = this.#options;
    let { result } = await sdk.filesListFolder({ path: folder });
    const entries = [...result.entries];
    while (result.has_more) {
      ({ result } = await sdk.filesListFolderContinue({ cursor: result.cursor }));
      entries.push(...result.entries);
    }
    return entries.flatMap((item) =>
      item[".tag"] === "deleted" || item.name.startsWith(".snap") ? [] : [item],
    );
  }
}
