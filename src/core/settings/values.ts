import { z } from "zod";
import { parseKeepPolicy } from "../snapshot/keep-policy.ts";
import { parseSchedule } from "../snapshot/schedule.ts";

/** One command of a hook: a program and its arguments, no shell (T42). */
export type HookCommand = readonly string[];

/** What a person has set; what is absent has its default, which belongs to `catalogue.ts`. */
export type Settings = {
  /** Where `snap link` binds a folder without REMOTE: a remote path with `{name}` in it. */
  readonly "link.template"?: string;
  /** Values for `{name}`. */
  readonly "link.names"?: Readonly<Record<string, string>>;
  /** Mode of the guard for new links (G43, G46). */
  readonly repos?: "refuse" | "exclude";
  /** What Git ignores in work trees that are synced without their history, for new links (G50). */
  readonly gitignore?: "sync" | "exclude";
  /** What is done with a folder that appears at the top of a linked folder (S94). */
  readonly newRemoteFolders?: "sync" | "exclude";
  /** What is done with a disk that was rolled back from outside (S120). */
  readonly rollback?: "ask" | "keep" | "discard";
  readonly "sync.before"?: readonly HookCommand[];
  readonly "sync.after"?: readonly HookCommand[];
  /** ms. */
  readonly "sync.hookTimeout"?: number;
  readonly "restore.before"?: readonly HookCommand[];
  readonly "restore.after"?: readonly HookCommand[];
  /** ms. */
  readonly "restore.hookTimeout"?: number;
  /** How long what a restore displaced is kept, ms (T32). */
  readonly "restore.keepUndo"?: number;
  /** Bytes a second that files go up at, and come down; 0 for no limit. */
  readonly "transfer.upload"?: number;
  readonly "transfer.download"?: number;
  /** Transfers at once. */
  readonly "transfer.parallel"?: number;
  /** When snapshots are taken by themselves, as `parseSchedule` reads it (N47). */
  readonly "snapshot.schedule"?: string;
  /** Which of them stay, as `parseKeepPolicy` reads it (N49). */
  readonly "snapshot.keep"?: string;
  /** ms a day for verifying the store; 0 for none (N51). */
  readonly "snapshot.verifyBudget"?: number;
  /** Where the snapshots are kept; absolute. */
  readonly "store.path"?: string;
  /** How long forgotten snapshots and replaced packs wait, ms (N55). */
  readonly "store.grace"?: number;
};

/** Settings that a workspace may have of its own. What is done with repositories stands in its record. */
export type WorkspaceSettings = Omit<
  Settings,
  "repos" | "gitignore" | "snapshot.verifyBudget" | "store.path" | "store.grace"
>;

/** Files whose bytes travel at once, at most (S107). */
export const transfersMax = 8;

/** The lowest limit of a direction, bytes a second: below it a body takes longer than a server waits. */
export const rateMin = 1024;
/** The highest. */
export const rateMax: number = 1024 ** 4;

/** Longest time of a hook, ms. */
export const hookTimeoutMaxMs = 86_400_000;

/** Shortest grace of the store's trash, ms: longer than anybody reads a snapshot (N56). */
export const graceMinMs = 86_400_000;
/** The longest. */
export const graceMaxMs: number = 3_650 * 86_400_000;

/** The shortest time for which what a restore displaced is kept, ms. */
export const keepUndoMinMs = 3_600_000;

/** The longest time a day for verifying the store. */
export const verifyBudgetMaxMs: number = 6 * 3_600_000;

/** Commands of one hook, and words of one command: more than anybody types, less than a system takes. */
const commandsMax = 100;
const wordsMax = 1_000;

const commandSchema: z.ZodType<HookCommand> = z
  .array(z.string().refine((word) => !word.includes("\0")))
  .min(1)
  .max(wordsMax)
  .refine(([program]) => program !== "");

const commandsSchema: z.ZodType<readonly HookCommand[]> = z.array(commandSchema).max(commandsMax);

const rateSchema: z.ZodType<number> = z
  .int()
  .refine((rate) => rate === 0 || (rate >= rateMin && rate <= rateMax));

const hookTimeoutSchema: z.ZodType<number> = z.int().min(1).max(hookTimeoutMaxMs);

const workspaceMembers = {
  "link.template": z.string().min(1).exactOptional(),
  "link.names": z.record(z.string().min(1), z.string().min(1)).exactOptional(),
  newRemoteFolders: z.enum(["sync", "exclude"]).exactOptional(),
  rollback: z.enum(["ask", "keep", "discard"]).exactOptional(),
  "sync.before": commandsSchema.exactOptional(),
  "sync.after": commandsSchema.exactOptional(),
  "sync.hookTimeout": hookTimeoutSchema.exactOptional(),
  "restore.before": commandsSchema.exactOptional(),
  "restore.after": commandsSchema.exactOptional(),
  "restore.hookTimeout": hookTimeoutSchema.exactOptional(),
  "restore.keepUndo": z.int().min(keepUndoMinMs).max(graceMaxMs).exactOptional(),
  "transfer.upload": rateSchema.exactOptional(),
  "transfer.download": rateSchema.exactOptional(),
  "transfer.parallel": z.int().min(1).max(transfersMax).exactOptional(),
  "snapshot.schedule": z
    .string()
    .refine((text) => parseSchedule(text) !== undefined)
    .exactOptional(),
  "snapshot.keep": z
    .string()
    .refine((text) => parseKeepPolicy(text) !== undefined)
    .exactOptional(),
};

/** Checks every member; unknown ones are refused, so that a typing error is seen. */
export const workspaceSettingsSchema: z.ZodType<WorkspaceSettings> =
  z.strictObject(workspaceMembers);

/** The same of the user's. */
export const settingsSchema: z.ZodType<Settings> = z.strictObject({
  ...workspaceMembers,
  repos: z.enum(["refuse", "exclude"]).exactOptional(),
  gitignore: z.enum(["sync", "exclude"]).exactOptional(),
  "snapshot.verifyBudget": z.int().min(0).max(verifyBudgetMaxMs).exactOptional(),
  "store.path": z.string().min(1).exactOptional(),
  "store.grace": z.int().min(graceMinMs).max(graceMaxMs).exactOptional(),
});
