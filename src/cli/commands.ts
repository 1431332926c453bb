import type { AnyCommand } from "./context.ts";

/** Where each command is found. A module is loaded only for the command that was named: start-up is what a person feels. */
const sources: Readonly<Record<string, () => Promise<AnyCommand>>> = {
  login: async () => (await import("./commands/login.ts")).loginCommand,
  logout: async () => (await import("./commands/login.ts")).logoutCommand,
  account: async () => (await import("./commands/account.ts")).accountCommand,
  link: async () => (await import("./commands/link.ts")).linkCommand,
  unlink: async () => (await import("./commands/link.ts")).unlinkCommand,
  workspaces: async () => (await import("./commands/link.ts")).workspacesCommand,
  config: async () => (await import("./commands/config.ts")).configCommand,
  ignore: async () => (await import("./commands/ignore.ts")).ignoreCommand,
  exclude: async () => (await import("./commands/exclude.ts")).excludeCommand,
  sync: async () => (await import("./commands/sync.ts")).syncCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  confirm: async () => (await import("./commands/confirm.ts")).confirmCommand,
  hold: async () => (await import("./commands/hold.ts")).holdCommand,
  check: async () => (await import("./commands/check.ts")).checkCommand,
  history: async () => (await import("./commands/history.ts")).historyCommand,
  conflicts: async () => (await import("./commands/conflicts.ts")).conflictsCommand,
  capture: async () => (await import("./commands/capture.ts")).captureCommand,
  list: async () => (await import("./commands/list.ts")).listCommand,
  show: async () => (await import("./commands/list.ts")).showCommand,
  ls: async () => (await import("./commands/look.ts")).lsCommand,
  cat: async () => (await import("./commands/look.ts")).catCommand,
  find: async () => (await import("./commands/find.ts")).findCommand,
  export: async () => (await import("./commands/export.ts")).exportCommand,
  import: async () => (await import("./commands/import.ts")).importCommand,
  diff: async () => (await import("./commands/diff.ts")).diffCommand,
  hydrate: async () => (await import("./commands/hydrate.ts")).hydrateCommand,
  verify: async () => (await import("./commands/verify.ts")).verifyCommand,
  repair: async () => (await import("./commands/repair.ts")).repairCommand,
  tag: async () => (await import("./commands/note.ts")).tagCommand,
  label: async () => (await import("./commands/note.ts")).labelCommand,
  pin: async () => (await import("./commands/note.ts")).pinCommand,
  forget: async () => (await import("./commands/forget.ts")).forgetCommand,
  prune: async () => (await import("./commands/prune.ts")).pruneCommand,
  stats: async () => (await import("./commands/prune.ts")).statsCommand,
  store: async () => (await import("./commands/store.ts")).storeCommand,
  restore: async () => (await import("./commands/restore.ts")).restoreCommand,
  undo: async () => (await import("./commands/restore.ts")).undoCommand,
  restores: async () => (await import("./commands/restore.ts")).restoresCommand,
  rollback: async () => (await import("./commands/rollback.ts")).rollbackCommand,
  guard: async () => (await import("./commands/guard.ts")).guardCommand,
  start: async () => (await import("./commands/daemon.ts")).startCommand,
  stop: async () => (await import("./commands/daemon.ts")).stopCommand,
  restart: async () => (await import("./commands/daemon.ts")).restartCommand,
  pause: async () => (await import("./commands/daemon.ts")).pauseCommand,
  resume: async () => (await import("./commands/daemon.ts")).resumeCommand,
  activity: async () => (await import("./commands/activity.ts")).activityCommand,
  log: async () => (await import("./commands/log.ts")).logCommand,
  autostart: async () => (await import("./commands/autostart.ts")).autostartCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  server: async () => (await import("./commands/server.ts")).serverCommand,
  version: async () => (await import("./commands/version.ts")).versionCommand,
};

/** Whether a word is a command; `completion` is the parser's own. */
export function isCommand(word: string): boolean {
  return Object.hasOwn(sources, word) || word === "completion";
}

/** The command that the words name, or every one where they name none: for help, completion and wrong words. */
export async function commandsFor(words: readonly string[]): Promise<readonly AnyCommand[]> {
  const [first] = words;
  const load = first === undefined || !Object.hasOwn(sources, first) ? undefined : sources[first];
  if (load !== undefined) return [await load()];
  return Promise.all(Object.values(sources).map((each) => each()));
}
