import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { Answer } from "../support/checked-server.ts";
import type { ServerLife } from "./server-life.ts";

type Plan = {
  readonly kind: "sequential" | "concurrent";
  readonly content: Buffer;
  readonly path: string;
};

const partBytes = 4 * 1024 * 1024;

/** Days pass between lives, and a session ends some day (V38). */
const lifeMs = 7 * 24 * 60 * 60 * 1000;

/** An upload session of several parts: how far it was acknowledged, and how far the call without an answer goes. */
export class CrashSession {
  readonly path: string;
  readonly hash: string;
  readonly #kind: Plan["kind"];
  readonly #content: Buffer;
  #id: string | undefined;
  #acknowledged = 0;
  #sent = 0;
  /** By how much the clock was ahead when the server last heard of it. */
  #touchedMs = 0;

  constructor({ kind, content, path }: Plan) {
    this.#kind = kind;
    this.#content = content;
    this.path = path;
    this.hash = contentHashOf(content);
  }

  /** Whether every part was acknowledged. */
  get isComplete(): boolean {
    return this.#id !== undefined && this.#acknowledged === this.#content.length;
  }

  /** The next part; the session itself first. */
  async append(life: ServerLife, chance: { below(bound: number): number }): Promise<void> {
    this.#touchedMs = life.aheadMs;
    if (this.#id === undefined) {
      const argument = { session_type: { ".tag": this.#kind } };
      const begun = await life.upload("files/upload_session/start", argument, Buffer.alloc(0));
      this.#id = succeeded(begun).json.session_id;
      return;
    }
    const rest = this.#content.length - this.#acknowledged;
    const wanted = this.#kind === "concurrent" ? partBytes : 1 + chance.below(rest);
    this.#sent = this.#acknowledged + Math.min(rest, wanted);
    const part = this.#content.subarray(this.#acknowledged, this.#sent);
    const close = this.#kind === "concurrent" && this.#sent === this.#content.length;
    const argument = { cursor: this.#cursor(this.#acknowledged), close };
    succeeded(await life.upload("files/upload_session/append_v2", argument, part));
    this.#acknowledged = this.#sent;
  }

  /** Commit it; what the server says is for the caller to judge. */
  finish(life: ServerLife): Promise<Answer> {
    const argument = {
      cursor: this.#cursor(this.#content.length),
      commit: { path: this.path, mode: { ".tag": "overwrite" } },
    };
    return life.upload("files/upload_session/finish", argument, Buffer.alloc(0));
  }

  /**
   * After a kill: the server has what it acknowledged, and of the last part everything or nothing. Returns whether the
   * session is still to be finished.
   */
  async recover(life: ServerLife, committed: boolean): Promise<boolean> {
    if (this.#id === undefined) return true;
    // Nobody writes there: an offset in the middle of nowhere only makes the server say how far it is.
    const argument = { cursor: this.#cursor(this.#content.length + partBytes * 100) };
    const route = "files/upload_session/append_v2";
    const answer = await life.upload(route, argument, Buffer.alloc(0));
    const tag: unknown = answer.json?.error?.[".tag"];
    if (tag === "not_found") {
      const isOver = life.aheadMs - this.#touchedMs >= lifeMs;
      if (!committed && !isOver)
        throw new Error(`The session of ${this.path} is gone: ${answer.text}`);
      return false;
    }
    if (committed) throw new Error(`The session of ${this.path} is still there`);
    if (this.#kind === "sequential") this.#goOnAt(answer);
    return true;
  }

  #goOnAt(answer: Answer): void {
    const offset: unknown = answer.json?.error?.correct_offset;
    if (offset !== this.#acknowledged && offset !== this.#sent) {
      const known = `${this.#acknowledged} were acknowledged, ${this.#sent} sent`;
      throw new Error(`The session of ${this.path}: ${known}; ${answer.text}`);
    }
    this.#acknowledged = offset === this.#sent ? this.#sent : this.#acknowledged;
  }

  #cursor(offset: number): object {
    return { session_id: this.#id, offset };
  }
}

function succeeded(answer: Answer): Answer {
  if (answer.status === 200) return answer;
  throw new Error(`${answer.status} ${answer.text}`);
}
