/** One request of our client, as it went over the wire. */
export type Request = { readonly route: string; readonly argument: string };

type Act = () => Promise<void> | void;
type Change = (response: Response) => Promise<Response>;
type Hook<Do> = { readonly route: string; readonly act: Do };

/**
 * Stands between our client and the server: writes down what is asked, and lets a test act at a request. Requests for our
 * own documents are not acted at.
 */
export class Wire {
  readonly requests: Request[] = [];
  /** Calls about paths that are not in the linked folder, since the beginning. */
  readonly strays: Request[] = [];
  readonly #before: Hook<Act>[] = [];
  readonly #after: Hook<Act>[] = [];
  readonly #answers: Hook<Change>[] = [];
  readonly #inner: typeof fetch;

  constructor(inner: typeof fetch) {
    this.#inner = inner;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const route = new URL(input instanceof Request ? input.url : input).pathname;
    const header = new Headers(init?.headers).get("dropbox-api-arg");
    const argument = header ?? (typeof init?.body === "string" ? init.body : "");
    this.requests.push({ route, argument });
    if (leavesFolder.test(argument)) this.strays.push({ route, argument });
    if (isOwn(argument)) return await this.#inner(input, init);
    await take(this.#before, route)?.();
    const response = await this.#inner(input, init);
    await take(this.#after, route)?.();
    return (await take(this.#answers, route)?.(response)) ?? response;
  };

  /** Act once, right before the next request of this route goes out. A throw is a request that was lost. */
  before(route: string, act: Act): void {
    this.#before.push({ route, act });
  }

  /** Act once, when the server has done the next request of this route. A throw is an answer that was lost. */
  after(route: string, act: Act): void {
    this.#after.push({ route, act });
  }

  /** Change the next answer of this route, as a hostile or broken server would. */
  answer(route: string, act: Change): void {
    this.#answers.push({ route, act });
  }

  /** Requests that changed something on the server. */
  writes(): Request[] {
    return this.requests.filter(({ route, argument }) => writing.test(route) && !isOwn(argument));
  }

  /** Contents that travelled: files that went up, by themselves or with others, and calls for what came down. */
  transfers(): { uploads: number; downloads: number } {
    const of = (route: RegExp): number =>
      this.requests.filter((r) => route.test(r.route) && !isOwn(r.argument)).length;
    const together = this.requests
      .filter(({ route }) => route.endsWith("/append_batch"))
      .map(({ argument }) => argument.split('"session_id"').length - 1);
    const uploads = of(/upload$|upload_session\/finish$/);
    return {
      uploads: together.reduce((sum, files) => sum + files, uploads),
      downloads: of(/files\/download(?:_zip)?$/),
    };
  }

  calls(route: string): number {
    return this.requests.filter((request) => request.route.endsWith(route)).length;
  }

  forget(): void {
    this.requests.length = 0;
  }

  /** What was to be done at a request that never came. */
  disarm(): void {
    for (const hooks of [this.#before, this.#after, this.#answers]) hooks.length = 0;
  }
}

function take<Do>(hooks: Hook<Do>[], route: string): Do | undefined {
  const at = hooks.findIndex((hook) => route.endsWith(hook.route));
  return at < 0 ? undefined : hooks.splice(at, 1)[0]?.act;
}

/** Beacons count nowhere (S116). */
function isOwn(argument: string): boolean {
  return argument.includes("/.snap/");
}

/** Any path of a call that is neither the linked folder nor below it. */
const leavesFolder = /"(?:path|from_path|to_path)":"\/(?!Linked["/])/i;

const writing = /upload|create_folder|delete|move|copy|restore/;
