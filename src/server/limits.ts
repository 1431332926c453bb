import { blockBytes } from "../core/tree/content-hash.ts";

/** What one call, file or account may hold (V51; fact sheet 3.6). Tests lower single ones. */
export type Limits = {
  /** Bytes in the body of one upload-style call. */
  readonly uploadBodyBytesMax: number;
  /** Bytes in the body of one rpc-style call: JSON only. */
  readonly rpcBodyBytesMax: number;
  /** Bytes of one file, however it was uploaded. */
  readonly fileBytesMax: number;
  /**
   * Files and folders that one delete, move or copy may touch, all moves or copies of one batch together, or one batch
   * of new folders may make.
   */
  readonly operationNodesMax: number;
  /** Files and folders in one zip file, its top folder among them. */
  readonly zipEntriesMax: number;
  /** Bytes of the files in one zip file. */
  readonly zipBytesMax: number;
  /** Bytes of one file in a zip file. */
  readonly zipFileBytesMax: number;
  /** Upload sessions that one account has open at a time (V79). */
  readonly sessionsMax: number;
  /** Matches of one search, over all its pages. */
  readonly searchMatchesMax: number;
  /** Bytes that the live files of one account may take (V37). */
  readonly quotaBytes: number;
  /** How long revisions stay after they were replaced or removed (V26). */
  readonly retentionSeconds: number;
  /** Longpolls that wait at a time (V32). */
  readonly longpollsMax: number;
  /** Lines of the journal that one page of changes looks at: more than it may tell, so that few pages come out empty. */
  readonly journalScanMax: number;
  /** Whether apps are those of a business, which alone may delete for good. */
  readonly business: boolean;
};

const daySeconds = 24 * 60 * 60;

const mebibyte = 1024 * 1024;

/** The limits of the real service, where it has them. */
export const defaultLimits: Limits = {
  uploadBodyBytesMax: 150 * mebibyte,
  rpcBodyBytesMax: 8 * mebibyte,
  fileBytesMax: 2 ** 41 - blockBytes,
  operationNodesMax: 10_000,
  zipEntriesMax: 9_999,
  zipBytesMax: 20 * 1024 ** 3 - 1,
  zipFileBytesMax: 4 * 1024 ** 3 - 1,
  sessionsMax: 100_000,
  searchMatchesMax: 10_000,
  quotaBytes: 2 * 1024 ** 4,
  retentionSeconds: 30 * daySeconds,
  longpollsMax: 10_000,
  journalScanMax: 20_000,
  business: false,
};

/** Entries of a listing page without `limit` (V30). */
export const pageEntriesDefault = 500;

/** A longpoll waits up to this much longer than it was asked to (V32). */
export const longpollChanceSeconds = 5;

/** How long a longpoll waits where there is a change that listings do not see yet (V74). */
export const longpollLagSeconds = 1;

/** When a client that found too many longpolls waiting shall come back. */
export const longpollRetrySeconds = 60;

/** A name's length in UTF-16 units (fact sheet 3.5). */
export const nameUnitsMax = 255;

/**
 * Names in one path. The real limit is not known; this one keeps a call from making folders without end (V79). Other
 * clients give up beyond 300.
 */
export const pathNamesMax = 1_000;

/** Other names that autorename tries before it says that the name is taken. */
export const otherNamesMax = 10_000;

/** Life of an access token (V20). */
export const accessTokenSeconds: number = 4 * 60 * 60;

/** Life of an authorisation code (V19). */
export const codeSeconds: number = 10 * 60;

/** How long a consent page can be answered (V18). */
export const formSeconds: number = 10 * 60;

/** Attempts at one password, or at the token of the consent page, within `attemptSeconds` (V18). */
export const attemptsMax = 10;

/** How long attempts count (V18). */
export const attemptSeconds = 60;

/** Bytes of the body of a form, also of a call of the token endpoint. */
export const formBytesMax: number = 64 * 1024;

/** Bytes of the `state` that an app gets back (fact sheet 2.1). */
export const stateBytesMax = 500;

/** Accounts that one call may ask for (fact sheet 1.12). */
export const accountsAskedMax = 300;

/** How long a session stays after its last part (V38). */
export const sessionSeconds: number = 7 * daySeconds;

/** When a client whose account has too many sessions open shall come back. */
export const sessionsRetrySeconds = 60;

/** How often the server looks for what retention has ended. */
export const sweepEverySeconds: number = daySeconds;

/** Folders that one batch makes and answers at once; more become a job (Choice 23). */
export const foldersAtOnceMax = 50;

/** How long a job can be asked for (V45). */
export const jobSeconds: number = daySeconds;

/** How long a temporary link serves, and an upload link at most (fact sheet 4.8). */
export const temporaryLinkSeconds: number = 4 * 60 * 60;

/** How long an upload link serves at least. */
export const uploadLinkSecondsMin = 60;

/** How long after its end an upload link is known as one that has ended. */
export const endedLinkSeconds: number = daySeconds;

/** Shared links on one page of their list. */
export const sharedLinksPageMax = 200;
