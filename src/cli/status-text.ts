import type { WorkspaceStatus } from "../app/live-status.ts";
import type { Status } from "../app/status.ts";
import type { RunningHook } from "../core/live/live-status.ts";
import { displayName } from "../core/path/names.ts";
import type { ExitCode } from "../std/error.ts";
import type { Json } from "../std/json.ts";
import { formatAgo, formatSize, formatTime, plural } from "./format.ts";
import { leftFields, showLeft } from "./left-text.ts";
import type { Output } from "./output.ts";
import { snapshotsText } from "./snapshots-status-text.ts";

/** A status by a look at the disk, or the daemon's. */
export type AnyStatus = Status | WorkspaceStatus;

/** Where a status is written. */
export type StatusOutput = Pick<Output, "emit" | "print" | "result" | "say">;

/** Show a status to people and programs, and return its exit code. Needs nothing that is slow to load. */
export function showStatus(output: StatusOutput, status: AnyStatus, now: number): ExitCode {
  output.say(headOf(status));
  showLeft(output, status.left);
  const notes = [...status.notes, ...hookNotes(status), ...liveNotes(status, now)];
  for (const line of notes) output.say(line);
  if (status.snapshots !== undefined)
    for (const line of snapshotsText(status.snapshots, now)) output.say(line);
  const trouble = isLive(status) ? undefined : troubleText[status.stuck ?? ""];
  if (trouble !== undefined) output.say(`The last sync met ${trouble}.`);
  output.print(verdictOf(status, now));
  output.result("status", status.exit, statusFields(status));
  return status.exit;
}

/** For programs. */
export function statusFields(status: AnyStatus): Readonly<Record<string, Json>> {
  return {
    state: status.state,
    folder: status.path,
    remote: status.remote ?? null,
    pending: status.pending,
    lastSyncedAt: status.lastSyncedAt ?? null,
    left: status.left.length,
    stuck: status.stuck ?? null,
    hookFailure: status.hookFailure ?? null,
    repositories: [...status.covered],
    snapshots: status.snapshots ?? null,
    ...(isLive(status) ? liveFields(status) : {}),
  };
}

function liveFields({ live, watch, paused }: WorkspaceStatus): Readonly<Record<string, Json>> {
  const { state, since, trouble, hook, progress, held } = live;
  return {
    live: { state, since, trouble, hook, progress, held },
    watch: { coverage: watch.coverage, reason: watch.reason, folders: watch.folders },
    paused: paused === undefined ? null : { reason: paused.reason, at: paused.at },
  };
}

/** A status and what was left aside, as one event: for who watches. */
export function statusEvent(status: AnyStatus): Readonly<Record<string, Json>> {
  return { ...statusFields(status), left: status.left.map(leftFields) };
}

/** Whether the daemon looks after this workspace. */
export function isLive(status: AnyStatus): status is WorkspaceStatus {
  return "live" in status;
}

/** What the lines above do not tell already (S105). */
const troubleText: Readonly<Record<string, string>> = {
  network: "trouble with the network",
  throttled: "a server that asked it to wait",
  disk: "trouble with the disk",
  volatile: "files that did not hold still",
};

function headOf(status: AnyStatus): string {
  const remote =
    status.remote === undefined
      ? "not linked"
      : `⇄  ${displayName(status.remote === "" ? "/" : status.remote)}`;
  return `${displayName(status.path)}  ${remote}`;
}

/** A program of `sync.after` that failed, unless it was told with what the sync left aside (T43). */
function hookNotes({ hookFailure, left }: AnyStatus): readonly string[] {
  if (hookFailure === undefined) return [];
  const { at, reason } = hookFailure;
  if (left.some((item) => item.reason === reason)) return [];
  return [`At ${formatTime(at)} ${displayName(reason)}; \`snap log\` tells more`];
}

/** States in which nothing is looked for, so that it does not matter how it would be found. */
const unwatchedAnyway: readonly WorkspaceStatus["live"]["state"][] = [
  "starting",
  "waiting",
  "paused",
  "lent",
];

/** What the daemon knows besides: what is in the way, and what it cannot see (S108). */
function liveNotes(status: AnyStatus, now: number): readonly string[] {
  if (!isLive(status)) return [];
  const { live, watch } = status;
  const notes: string[] = [];
  if (live.trouble !== undefined) {
    const { message, hint, retryAt } = live.trouble;
    const again = retryAt === undefined ? "" : ` Tried again ${inTime(retryAt, now)}.`;
    notes.push(`In the way: ${displayName(message)}.${again}`);
    if (hint !== undefined) notes.push(`  ${displayName(hint)}`);
  }
  if (watch.coverage === "none" && !unwatchedAnyway.includes(live.state)) {
    const why = watch.reason === undefined ? "" : `: ${displayName(watch.reason)}`;
    notes.push(`Changes here are found every 5 minutes only${why}`);
  }
  return notes;
}

function inTime(at: number, now: number): string {
  const seconds = Math.ceil((at - now) / 1000);
  if (seconds <= 0) return "now";
  return seconds < 60
    ? `in ${plural(seconds, "second")}`
    : `in ${plural(Math.ceil(seconds / 60), "minute")}`;
}

function asideText(left: Status["left"]): string {
  const count = left.filter(({ kind }) => kind !== "unsynced").length;
  return `${plural(count, "item")} ${count === 1 ? "is" : "are"} left aside`;
}

/** One line: up to date, or what is going on. */
export function verdictOf(status: AnyStatus, now: number): string {
  return (isLive(status) ? liveVerdict(status, now) : undefined) ?? restVerdict(status, now);
}

/** Undefined where nothing is going on. */
function liveVerdict({ live, paused, pending }: WorkspaceStatus, now: number): string | undefined {
  const { state, progress, hook } = live;
  if (paused !== undefined) {
    const why = paused.reason === undefined ? "" : ` (${displayName(paused.reason)})`;
    return `Paused${why}: \`snap resume\` goes on`;
  }
  if (hook !== undefined) return hookText(hook, now);
  switch (state) {
    case "starting":
      return "Starting";
    case "looking":
      return "Looking for changes";
    case "syncing":
      return `Syncing${workText(progress, pending)}`;
    case "lent":
      return "A command is at work here; then the sync goes on";
    case "idle":
    case "waiting":
    case "paused":
      return undefined;
  }
}

function workText(progress: Progress | undefined, pending: number): string {
  if (progress !== undefined) return `: ${progressText(progress)}`;
  return pending > 0 ? `: ${plural(pending, "change")}` : "";
}

function hookText({ hook, program, since }: RunningHook, now: number): string {
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  const time =
    seconds < 60 ? plural(seconds, "second") : plural(Math.floor(seconds / 60), "minute");
  return `The program of ${hook} has run for ${time}: ${displayName(program)}`;
}

type Progress = NonNullable<WorkspaceStatus["live"]["progress"]>;

function progressText({ done, total, bytes, bytesTotal, current }: Progress): string {
  const count = `${done}${total === undefined ? "" : ` of ${total}`}`;
  const size =
    bytes === 0 && (bytesTotal ?? 0) === 0
      ? ""
      : `, ${formatSize(bytes)}${bytesTotal === undefined ? "" : ` of ${formatSize(bytesTotal)}`}`;
  return `${count}${size}${current === undefined ? "" : `  ${displayName(current)}`}`;
}

function restVerdict(status: AnyStatus, now: number): string {
  const when =
    status.lastSyncedAt === undefined
      ? "never synced"
      : `last synced ${formatAgo(status.lastSyncedAt, now)}`;
  switch (status.state) {
    case "up-to-date":
      return `Up to date (${when})`;
    case "left-aside":
      return `Up to date (${when}), but ${asideText(status.left)}: see above`;
    case "pending":
      return isLive(status)
        ? `Not up to date (${when}): see above`
        : `${plural(status.pending, "change")} to sync (${when}): run \`snap sync\``;
    case "damaged":
      return `Damage was found, and is left alone (${when}): see above`;
    case "held":
      return `Waits for you (${when}): see above`;
    case "unlinked":
      return "Not linked: `snap link` binds it to a remote folder";
    case "restoring":
      return "A restore was interrupted: run `snap sync` to go on";
    case "rolled-back":
      return "This disk was rolled back: `snap rollback show` tells what each choice does";
    case "busy":
      return "Another process is at work here";
  }
}
