import { createHash } from "node:crypto";

/** The first line of a unit that we wrote: a file without it is never touched. */
export const unitMark = "# Written by `snap autostart on`; `snap autostart off` removes it.";

/** What is started with the machine. */
export type StartedProgram = {
  /** The runtime and the launcher, absolute. */
  readonly node: string;
  readonly launcher: string;
  /** `SNAP_HOME`, absolute; undefined where the platform's own places are used. */
  readonly home: string | undefined;
};

/** The name of the unit: another one for each home. */
export function unitName({ home }: StartedProgram): string {
  if (home === undefined) return "snap-sync.service";
  const digest = createHash("sha256").update(home).digest("hex").slice(0, 8);
  return `snap-sync-${digest}.service`;
}

/** A unit for `systemctl --user` (systemd.service(5), systemd.exec(5)). */
export function unitText({ node, launcher, home }: StartedProgram): string {
  const environment = home === undefined ? [] : [`Environment=${unitWord(`SNAP_HOME=${home}`)}`];
  return [
    unitMark,
    "[Unit]",
    "Description=snap keeps folders and Dropbox in sync",
    "After=network-online.target",
    "",
    "[Service]",
    ...environment,
    `ExecStart=${execWord(node)} ${execWord(launcher)} start --foreground`,
    "Restart=on-failure",
    "RestartSec=10",
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ].join("\n");
}

/** Lines for a start-up script of a POSIX shell; they may run any number of times. */
export function startupLines({ node, launcher, home }: StartedProgram): readonly string[] {
  const command = `${shellWord(node)} ${shellWord(launcher)} start`;
  return [home === undefined ? command : `SNAP_HOME=${shellWord(home)} ${command}`];
}

/** In quotes, with what systemd would read as its own escaped. */
function unitWord(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** The same on a command line, where variables are read besides. */
function execWord(text: string): string {
  return unitWord(text.replaceAll("$", "$$$$"));
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
