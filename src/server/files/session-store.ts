import { blockBytes } from "../../core/tree/content-hash.ts";
import { emptyContent } from "../store/block-writer.ts";
import type { BlockList, TakenContent } from "../store/block-writer.ts";
import type { Call } from "../wire/call.ts";
import { nowOf, requireAccount } from "../wire/call.ts";
import { noSpace, tag } from "../wire/failure.ts";
import type { Tagged } from "../wire/failure.ts";
import { sessionSeconds } from "../limits.ts";
import { blocksColumn, blocksOf } from "../tree/node.ts";
import { integer, text } from "../store/rows.ts";
import { randomText } from "../random-text.ts";
import type { Row } from "../store/rows.ts";

/** Bytes received and not committed yet (V38). For a concurrent session `size` counts once it is closed. */
export type Session = BlockList & {
  readonly id: string;
  readonly concurrent: boolean;
  readonly closed: boolean;
};

/** What a session is from its start on. */
export type SessionKind = { readonly concurrent: boolean; readonly closed: boolean };

/** A place in a session, as the client names it. */
export type SessionCursor = { readonly session: string; readonly offset: number };

/** What is wrong with a session or a cursor; each route has its own place for it. */
export class SessionFailure extends Error {
  readonly error: Tagged;

  constructor(error: Tagged) {
    super(`Session error ${error[".tag"]}`);
    this.error = error;
  }
}

/** The offset is not where the session ends; says where that is (V38). */
export function incorrectOffset(correct: number): SessionFailure {
  return new SessionFailure({ ".tag": "incorrect_offset", correct_offset: correct });
}

/** The upload sessions of one account. Writes are called inside a transaction. */
export class SessionStore {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /**
   * A new session that holds `content`; returns its id, 22 characters.
   *
   * @throws {WriteFailure} `insufficient_space` when the account has as many as it may; {HttpFailure} 401 when it was
   * removed since the call began.
   */
  create(content: TakenContent, kind: SessionKind): string {
    if (!this.hasRoom(1)) throw noSpace();
    return this.#insert(content, kind);
  }

  /** So many new sessions without content, as `create` makes them. */
  createEmpty(count: number, kind: SessionKind): readonly string[] {
    if (!this.hasRoom(count)) throw noSpace();
    return Array.from({ length: count }, () => this.#insert(emptyContent, kind));
  }

  /** Whether the account may have so many sessions more (V79). */
  hasRoom(count: number): boolean {
    const { services, account } = this.#call;
    const countMax = services.limits.sessionsMax - count;
    // Those of all accounts are counted in an index; only where they are too many does it matter whose they are.
    const all = services.database.first("SELECT count(*) AS n FROM sessions");
    if (all === undefined || integer(all, "n") <= countMax) return countMax >= 0;
    const own = services.database.first(
      "SELECT count(*) AS n FROM sessions WHERE account = ? AND touched > ?",
      account.account,
      nowOf(services) - sessionSeconds,
    );
    return own === undefined || integer(own, "n") <= countMax;
  }

  #insert(content: TakenContent, { concurrent, closed }: SessionKind): string {
    requireAccount(this.#call);
    const { services, account } = this.#call;
    const id = randomText(services.rng, 22);
    services.blocks.keepSmall(content.small);
    services.database.run(
      `INSERT INTO sessions (id, account, concurrent, closed, size, blocks, touched)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      id,
      account.account,
      concurrent ? 1 : 0,
      closed ? 1 : 0,
      content.size,
      blocksColumn(content.blocks),
      nowOf(services),
    );
    return id;
  }

  /**
   * @throws {SessionFailure} `not_found`, also for another account's and for one that has ended; {HttpFailure} 401 when
   * the account was removed since the call began, and its sessions with it.
   */
  get(id: string): Session {
    const { services, account } = this.#call;
    const row = services.database.first(
      "SELECT * FROM sessions WHERE id = ? AND account = ? AND touched > ?",
      id,
      account.account,
      nowOf(services) - sessionSeconds,
    );
    if (row === undefined) {
      requireAccount(this.#call);
      throw new SessionFailure(tag("not_found"));
    }
    return {
      id: text(row, "id"),
      concurrent: integer(row, "concurrent") === 1,
      closed: integer(row, "closed") === 1,
      size: integer(row, "size"),
      blocks: blocksOf(row),
    };
  }

  /** Replace what a session holds. */
  update(id: string, content: BlockList, closed: boolean): void {
    this.#call.services.database.run(
      "UPDATE sessions SET size = ?, blocks = ?, closed = ?, touched = ? WHERE id = ?",
      content.size,
      blocksColumn(content.blocks),
      closed ? 1 : 0,
      nowOf(this.#call.services),
      id,
    );
  }

  remove(id: string): void {
    this.#call.services.database.run("DELETE FROM sessions WHERE id = ?", id);
  }

  /**
   * Keep a part of a concurrent session (V40); a part sent twice is accepted when equal. Of one without bytes nothing
   * is kept but the end that it may set, so that it never stands where another part belongs.
   *
   * @throws {SessionFailure} `concurrent_session_invalid_offset` when it overlaps another part, `closed` beyond the
   * end that the closing part has set.
   */
  addPart(session: Session, start: number, part: BlockList & { readonly close: boolean }): void {
    const end = start + part.size;
    if (session.closed && end > session.size) throw new SessionFailure(tag("closed"));
    const ends = session.closed || part.close;
    const closing = { total: part.close ? end : session.size, ends };
    const parts = this.#parts(session);
    checkPlace(parts, { session, start, part, closing });
    const isKnown = parts.some((row) => integer(row, "start") === start);
    if (part.size > 0 && !isKnown) this.#insertPart(session, start, part);
    this.update(session.id, { size: closing.ends ? closing.total : 0, blocks: [] }, closing.ends);
  }

  /** Rows without bytes, which older versions wrote, give way. */
  #insertPart(session: Session, start: number, part: BlockList): void {
    this.#call.services.database.run(
      "INSERT OR REPLACE INTO session_parts (session, start, size, blocks) VALUES (?, ?, ?, ?)",
      session.id,
      start,
      part.size,
      blocksColumn(part.blocks),
    );
  }

  /** The bytes of a closed concurrent session; undefined while a part is missing. */
  joined(session: Session): BlockList | undefined {
    const parts = this.#parts(session);
    let size = 0;
    for (const row of parts) {
      if (integer(row, "start") !== size) return undefined;
      size += integer(row, "size");
    }
    return size === session.size ? { size, blocks: parts.flatMap(blocksOf) } : undefined;
  }

  #parts(session: Session): readonly Row[] {
    return this.#call.services.database.all(
      "SELECT start, size, blocks FROM session_parts WHERE session = ? AND size > 0 ORDER BY start",
      session.id,
    );
  }
}

/** A part that wants its place among others. */
type Placing = {
  readonly session: Session;
  readonly start: number;
  readonly part: BlockList;
  readonly closing: { readonly total: number; readonly ends: boolean };
};

function checkPlace(parts: readonly Row[], { session, start, part, closing }: Placing): void {
  const misplaced = parts.some((row) => {
    const otherStart = integer(row, "start");
    const otherEnd = otherStart + integer(row, "size");
    if (closing.ends && otherEnd > closing.total) return true;
    if (otherStart === start && otherEnd === start + part.size) {
      return blocksOf(row).join() !== part.blocks.join();
    }
    return otherStart < start + part.size && otherEnd > start;
  });
  if (misplaced) throw new SessionFailure(tag("concurrent_session_invalid_offset"));
  if (session.closed && closing.total !== session.size) throw new SessionFailure(tag("closed"));
}

/** Whether an offset or size lies on the grid of blocks, so that parts can be joined without reading them. */
export function isOnGrid(bytes: number): boolean {
  return bytes % blockBytes === 0;
}
