import { z } from "zod";
import type { Activity } from "../core/live/live-status.ts";
import type { WorkspaceStatus } from "../app/live-status.ts";
import type { ToldError } from "./link.ts";

/** Largest body of a request, bytes (X19). */
export const requestBytesMax: number = 64 * 1024;

/** The daemon as a whole: `GET /v1/status`. */
export type DaemonStatus = {
  readonly v: 1;
  /** Of the process that does the work. */
  readonly pid: number;
  /** Of the one that watches over it; undefined where there is none. */
  readonly supervisor?: number;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly version: string;
  /** It was asked to end. */
  readonly isStopping?: true;
  readonly workspaces: readonly WorkspaceStatus[];
};

/** One line of `GET /v1/events`: the first is the whole status, each later one what has changed. */
export type DaemonEvent =
  | { readonly v: 1; readonly type: "daemon"; readonly status: DaemonStatus }
  | { readonly v: 1; readonly type: "workspace"; readonly workspace: WorkspaceStatus }
  | { readonly v: 1; readonly type: "removed"; readonly id: string }
  | { readonly v: 1; readonly type: "activity"; readonly activity: WorkspaceActivity };

/** What is done in one workspace. */
export type WorkspaceActivity = Activity & { readonly id: string; readonly folder: string };

/** What comes instead of an answer. */
export type ControlFailure = { readonly error: ToldError };

const workspaceId = z.string().regex(/^[0-9a-z-]{1,64}$/u);

/** Longest reason of a pause, characters. */
export const reasonLengthMax = 1_000;

/** Which workspace; all where absent. */
export const choiceSchema: z.ZodType<{ readonly workspace?: string }> = z.strictObject({
  workspace: workspaceId.exactOptional(),
});

/** The body of a request to pause. */
export const pauseSchema: z.ZodType<{ readonly workspace?: string; readonly reason?: string }> =
  z.strictObject({
    workspace: workspaceId.exactOptional(),
    reason: z.string().max(reasonLengthMax).exactOptional(),
  });

/** The body of a request for a loan: what is being done. */
export const borrowSchema: z.ZodType<{ readonly what: string }> = z.strictObject({
  what: z.string().max(200),
});

/** The body of a request for more time. */
export const renewSchema: z.ZodType<{ readonly lease: string }> = z.strictObject({
  lease: z.string().max(64),
});

/** The body of a request that has nothing to say. */
export const emptySchema: z.ZodType<Readonly<Record<string, never>>> = z.strictObject({});
