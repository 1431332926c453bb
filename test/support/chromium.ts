import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { present } from "../../src/std/assert.ts";

type Answer = {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
};

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (e: Error) => void };

/** What a browser needs to take a `snap server` for Dropbox. */
export type ChromiumOptions = {
  /** The server as a proxy. */
  readonly proxy: string;
  /** The certificate that the browser trusts: base64 of the SHA-256 of its public key. */
  readonly trustedKey: string;
};

/** How long a page may take, ms: as long as it takes on a busy machine. */
const patienceMs = 60_000;

/** How often something is pressed, and looked at after that. */
const pressesMax = 10;
const looksMax = 250;

/** Debian's Chromium, without a window, with a profile of its own; spoken to through a pipe. */
export class Chromium implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, Waiting>();
  #session: string | undefined;
  #last = 0;

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
  }

  static async open({ proxy, trustedKey }: ChromiumOptions): Promise<Chromium> {
    const profile = mkdtempSync(path.join(os.tmpdir(), "snap-chromium-"));
    const words = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--remote-debugging-pipe",
      `--user-data-dir=${profile}`,
      `--proxy-server=${proxy}`,
      `--ignore-certificate-errors-spki-list=${trustedKey}`,
      "about:blank",
    ];
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"] as const;
    const child = spawn("chromium", words, { stdio: [...stdio] });
    const browser = new Chromium(child, profile);
    browser.#listen();
    await browser.#attach();
    return browser;
  }

  #listen(): void {
    let text = "";
    const output = this.#child.stdio[4];
    if (!(output instanceof Readable)) throw new Error("no pipe from the browser");
    output.setEncoding("utf8").on("data", (part: string) => {
      const messages = `${text}${part}`.split("\0");
      text = messages.pop() ?? "";
      for (const message of messages) this.#take(JSON.parse(message));
    });
    const fail = (reason: string): void => {
      for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    };
    this.#child.on("exit", () => fail("the browser ended"));
    this.#child.on("error", ({ message }) => fail(`no browser: ${message}`));
  }

  #take(answer: Answer): void {
    if (answer.id === undefined) return;
    this.#waiting.get(answer.id)?.resolve(answer);
    this.#waiting.delete(answer.id);
  }

  async #attach(): Promise<void> {
    const made = await this.#call("Target.createTarget", { url: "about:blank" });
    const parameters = { targetId: made["targetId"], flatten: true };
    const attached = await this.#call("Target.attachToTarget", parameters);
    this.#session = String(attached["sessionId"]);
    await this.#call("Page.enable");
  }

  async #call(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = (this.#last += 1);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, { resolve, reject });
    const input = this.#child.stdio[3];
    if (!(input instanceof Writable)) throw new Error("no pipe to the browser");
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    input.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    const { result, error } = await promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return present(result, "an answer of the browser");
  }

  /** Open an address, as a person does by typing it. */
  async goTo(url: string): Promise<void> {
    const { errorText } = await this.#call("Page.navigate", { url });
    if (errorText !== undefined) throw new Error(`${url}: ${JSON.stringify(errorText)}`);
  }

  /** The value of an expression in the page, asked again and again until it is one. */
  async value(expression: string): Promise<string> {
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      const found = await this.#evaluate(expression);
      if (typeof found === "string" && found !== "") return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`the page has no ${expression}\n${String(await this.#text())}`);
  }

  /** Press what a selector finds, as a mouse does, until it is gone: a page that is still being laid out moves under the mouse. */
  async press(selector: string): Promise<void> {
    const gone = `document.querySelector(${JSON.stringify(selector)}) ? "" : "gone"`;
    for (let attempt = 0; attempt < pressesMax; attempt += 1) {
      await this.#pressOnce(selector);
      for (let look = 0; look < looksMax; look += 1) {
        if ((await this.#evaluate(gone)) === "gone") return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error(`${selector} does nothing\n${String(await this.#text())}`);
  }

  async #pressOnce(selector: string): Promise<void> {
    const at = `(() => { const e = document.querySelector(${JSON.stringify(selector)});
      if (!e || document.readyState !== "complete") return "";
      e.scrollIntoView(); const r = e.getBoundingClientRect(); return (r.x + r.width / 2) + " " + (r.y + r.height / 2); })()`;
    const [x, y] = (await this.value(at)).split(" ").map(Number);
    const mouse = { x, y, button: "left", clickCount: 1 };
    for (const type of ["mousePressed", "mouseReleased"]) {
      await this.#call("Input.dispatchMouseEvent", { type, ...mouse });
    }
  }

  #text(): Promise<unknown> {
    return this.#evaluate("document.documentElement.innerText");
  }

  /** Undefined while one page goes and the next one comes. */
  async #evaluate(expression: string): Promise<unknown> {
    try {
      const { result } = await this.#call("Runtime.evaluate", { expression, returnByValue: true });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the protocol's own form
      return (result as { readonly value?: unknown }).value;
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
    // Its helpers may still write when it has ended.
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
