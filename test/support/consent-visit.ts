/** What answers requests: the server's own `fetch`, or a checked one. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Where the page is for a browser. */
export const consentOrigin = "https://www.dropbox.com";

/** The address of the consent page with these parameters; those that are undefined are left out. */
export function consentUrl(parameters: Readonly<Record<string, string | undefined>> = {}): string {
  const all = { client_id: "key", response_type: "code", ...parameters };
  const pairs = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return `${consentOrigin}/oauth2/authorize?${pairs.join("&")}`;
}

/** A page as a browser has it: what it shows, and the fields of its form. */
export class ConsentVisit {
  readonly url: string;
  readonly response: Response;
  readonly markup: string;
  readonly #fetch: Fetch;

  private constructor(fetch: Fetch, url: string, page: { response: Response; markup: string }) {
    this.#fetch = fetch;
    this.url = url;
    this.response = page.response;
    this.markup = page.markup;
  }

  static async open(fetch: Fetch, url: string): Promise<ConsentVisit> {
    return await ConsentVisit.of(fetch, url, await fetch(url));
  }

  /** The page that an answer brought. */
  static async of(fetch: Fetch, url: string, response: Response): Promise<ConsentVisit> {
    return new ConsentVisit(fetch, url, { response, markup: await response.text() });
  }

  /** Names and values of the hidden fields. */
  get hidden(): Record<string, string> {
    const fields = this.markup.matchAll(/<input\s+type="hidden"\s+name="(\w+)"\s+value="([^"]*)"/g);
    return Object.fromEntries(
      Array.from(fields, ([, name, value]) => [name, decoded(value ?? "")]),
    );
  }

  /** Values of the radio buttons. */
  get choices(): readonly string[] {
    const fields = this.markup.matchAll(/type="radio"\s+name="account"\s+value="([^"]*)"/g);
    return Array.from(fields, ([, value]) => decoded(value ?? ""));
  }

  /** The code that is shown for copying. */
  get code(): string | undefined {
    return /<output[^>]*>([^<]+)<\/output>/.exec(this.markup)?.[1];
  }

  /** The text in the box for trouble. */
  get trouble(): string | undefined {
    const text = /role="alert">([^<]*)</.exec(this.markup)?.[1];
    return text === undefined ? undefined : decoded(text).trim().replaceAll(/\s+/g, " ");
  }

  /** Press a button; the browser sends its own origin unless `headers` say otherwise. */
  answer(
    decision: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = { origin: new URL(this.url).origin },
  ): Promise<Response> {
    const body = new URLSearchParams({ ...this.hidden, ...fields, decision });
    return this.#fetch(this.url, { method: "POST", body, headers: { ...headers } });
  }

  /** Press a button, and read the page that comes back. */
  async next(
    decision: string,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<ConsentVisit> {
    return await ConsentVisit.of(this.#fetch, this.url, await this.answer(decision, fields));
  }
}

function decoded(text: string): string {
  return text.replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}
