import type { RemoteAccount } from "../core/tree/remote-item.ts";
import type { Work } from "../std/events.ts";
import { SnapError } from "../std/error.ts";
import { isShape, shapeIn, textIn, type Shape } from "./shape.ts";
import type { Fetch } from "./transport.ts";

/** Where the paths of a call begin, as the header says it; undefined for the account's own folder, which needs no header. */
export type PathRoot = string | undefined;

/** A namespace id, and nothing else that could be put into a header. */
const namespacePattern = /^\d{1,20}$/u;

/**
 * Where the paths of an account begin (fact sheet 1.10, 4.2). The members of a team whose own folder is not the root say so
 * with every call of files, as the official clients do: so paths are the ones that Dropbox shows.
 *
 * An app with a folder of its own has no other root, and may not name one.
 */
function rootOf(
  account: Shape,
  appFolder: string | undefined,
): Pick<RemoteAccount, "root" | "home"> & { readonly pathRoot: PathRoot } {
  if (appFolder !== undefined) return { root: `app:${appFolder}`, home: "", pathRoot: undefined };
  const info = shapeIn(account, "root_info") ?? {};
  const root = textIn(info, "root_namespace_id") ?? "";
  const home = textIn(info, "home_namespace_id") ?? "";
  if (root === home || !namespacePattern.test(root)) return { root, home: "", pathRoot: undefined };
  return { root, home: textIn(info, "home_path") ?? "", pathRoot: headerOf(root) };
}

/** The header for what is known of an account: none where its own folder, from the root, is everything. */
export function knownPathRoot(root: string, home: string | undefined): PathRoot {
  return home === undefined || home === "" ? undefined : headerOf(root);
}

/** The header that names a namespace as the root. */
export function headerOf(root: string): string {
  return JSON.stringify({ ".tag": "root", root });
}

/** A `fetch` that says with every call of files where its paths begin. */
export function rootedFetch(inner: Fetch, pathRoot: PathRoot): Fetch {
  if (pathRoot === undefined) return inner;
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!url.pathname.startsWith("/2/files/")) return inner(input, init);
    const headers = new Headers(init?.headers);
    headers.set("Dropbox-API-Path-Root", pathRoot);
    return inner(input, { ...init, headers });
  };
}

/** An account as it was told, and where calls for it begin. */
export type Told = { readonly account: RemoteAccount; readonly pathRoot: PathRoot };

/** Who is logged in, from the server's answer. @throws {SnapError} `server-error` where it does not say */
export function toldOf(result: unknown, appFolder: string | undefined): Told {
  const account = isShape(result) ? result : {};
  const id = textIn(account, "account_id");
  if (id === undefined) {
    throw new SnapError(
      "server-error",
      "Asking for the account failed: the answer is not understood",
    );
  }
  const name = textIn(shapeIn(account, "name") ?? {}, "display_name") ?? "";
  const email = textIn(account, "email") ?? "";
  const { pathRoot, ...place } = rootOf(account, appFolder);
  const team = textIn(shapeIn(account, "team") ?? {}, "name");
  return { account: { id, name, email, ...place, ...(team !== undefined && { team }) }, pathRoot };
}

/** What a root is followed with; every call of it is one attempt, which the caller repeats. */
export type RootParts = {
  /** Where paths began when it was noted last; undefined where nothing was. */
  readonly known: string | undefined;
  /** What calls said of that. */
  readonly knownPathRoot: PathRoot;
  readonly ask: (work: Work | undefined) => Promise<Told>;
  /** Rejects where what was found so far is not found from there. */
  readonly confirm: (told: Told) => Promise<void>;
};

/** Where the calls of one client begin: always at one root, until another one is confirmed. */
export class Roots {
  readonly #parts: RootParts;
  #told: Told | undefined;
  #moving: Promise<Told> | undefined;

  constructor(parts: RootParts) {
    this.#parts = parts;
  }

  /** Where calls begin now; where nobody has asked for the account yet, where they began when it was noted last. */
  get pathRoot(): PathRoot {
    return this.#told === undefined ? this.#parts.knownPathRoot : this.#told.pathRoot;
  }

  /** Whether the account was asked for. */
  get isKnown(): boolean {
    return this.#told !== undefined;
  }

  /** What the account is now. @throws {SnapError} what `confirm` rejects with: then calls begin where they did */
  async follow(told: Told): Promise<Told> {
    const before = (this.#told?.account.root ?? this.#parts.known) || told.account.root;
    if (before !== told.account.root) await this.#parts.confirm(told);
    this.#told = told;
    return told;
  }

  /** Where to begin after the server has refused a root; however many calls ask, one of them finds out. */
  async after(refused: PathRoot, work: Work | undefined): Promise<PathRoot> {
    if (this.pathRoot !== refused) return this.pathRoot;
    this.#moving ??= this.#parts.ask(work).then((told) => this.follow(told));
    try {
      return (await this.#moving).pathRoot;
    } finally {
      this.#moving = undefined;
    }
  }
}
