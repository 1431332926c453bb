import { blockBytes } from "../core/tree/content-hash.ts";

/** What one call, file or account may hold (V51; fact sheet 3.6). Tests lower single ones. */
export type Limits = {
  /** Bytes in the body of one upload-style call. */
  readonly uploadBodyBytesMax: number;
  /** Bytes in the body of one rpc-style call: JSON only. */
  readonly rpcBodyBytesMax: number;
  /** Bytes of one file, however it was uploaded. */
  readonly fileBytesMax: number;
  /** Files and folders that one delete or move may touch. */
  readonly operationNodesMax: number;
  /** Bytes that the live files of one account may take (V37). */
  readonly quotaBytes: number;
  /** How long revisions stay after they were replaced or removed (V26). */
  readonly retentionSeconds: number;
};

const daySeconds = 24 * 60 * 60;

const mebibyte = 1024 * 1024;

/** The limits of the real service, where it has them. */
export const defaultLimits: Limits = {
  uploadBodyBytesMax: 150 * mebibyte,
  rpcBodyBytesMax: 8 * mebibyte,
  fileBytesMax: 2 ** 41 - blockBytes,
  operationNodesMax: 10_000,
  quotaBytes: 2 * 1024 ** 4,
  retentionSeconds: 30 * daySeconds,
};

/** Entries of a listing page without `limit` (V30). */
export const pageEntriesDefault = 500;

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

/** How long a session stays after its last part (V38). */
export const sessionSeconds: number = 7 * daySeconds;

/** How often a closing server looks for what retention has ended. */
export const sweepEverySeconds: number = daySeconds;
