import { showAutostart, turnOff, turnOn, type Autostart } from "../../daemon/autostart.ts";
import { displayName } from "../../core/path/names.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { launcherPath } from "../launcher.ts";

const actions = ["on", "off", "show"] as const;

/** `snap autostart`: start the background sync with the machine. */
export const autostartCommand: AnyCommand = defineCommand({
  command: "autostart <action>",
  describe: "Have the background sync started with the machine: on, off, or show how it stands",
  builder: (parser) =>
    parser
      .positional("action", { choices: actions, demandOption: true, describe: "What to do" })
      .epilogue(
        "With systemd it writes and enables a user unit; elsewhere it prints the line for a start-up script, which may run any number of times. A file that snap did not write is never touched.",
      ),
  run: async ({ environment, output }, words) => {
    const act = { on: turnOn, off: turnOff, show: showAutostart }[words.action];
    const stands = await act(environment, launcherPath());
    output.say(textOf(stands, words.action));
    if (words.action !== "off" && stands.state !== "on") {
      for (const line of stands.lines) output.print(line);
    }
    const { state, unit, lines } = stands;
    output.result("autostart", 0, { action: words.action, state, unit, lines });
    return 0;
  },
});

function textOf({ state, unit }: Autostart, action: (typeof actions)[number]): string {
  const shown = displayName(unit);
  switch (state) {
    case "on":
      return `On: systemd starts it with your session, by "${shown}". For a machine where nobody logs in: loginctl enable-linger`;
    case "unit-only":
      return `"${shown}" is there, but systemd does not start it. For a start-up script:`;
    case "foreign":
      return `"${shown}" was not written by snap and is left alone. For a start-up script:`;
    case "off":
      if (action === "off") return "Off. Lines of yours in a start-up script stay.";
      return action === "on"
        ? "systemd does not answer here. Put this line into your start-up script:"
        : "Off. `snap autostart on` sets it up; this line does in a start-up script:";
  }
}
