import { linkAndSync } from "../../app/first-sync.ts";
import { listWorkspaces, makeLink, planLink, removeLink, type LinkPlan } from "../../app/link.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { table } from "../format.ts";
import { concludeFirst, firstWords } from "./first-sync.ts";

/** `snap link`: bind a folder to a remote folder, after a check by the guard. */
export const linkCommand: AnyCommand = defineCommand({
  command: "link [folder] [remote]",
  describe: "Bind a folder to a folder in Dropbox; the guard looks first",
  builder: (parser) =>
    parser
      .positional("folder", {
        type: "string",
        describe: "The workspace; default: the current folder",
      })
      .positional("remote", {
        type: "string",
        describe:
          "Folder in Dropbox, like /project or /{org}/{space}; default: the setting link.template, else / and the folder's name",
      })
      .option("repos", {
        requiresArg: true,
        choices: ["refuse", "exclude"] as const,
        describe:
          "A repository in the folder: refuse the link, or sync all but its history; default: the setting repos",
      })
      .option("gitignore", {
        type: "boolean",
        describe:
          "With --repos exclude: leave out what Git ignores, too; default: the setting gitignore",
      })
      .option("initial", {
        requiresArg: true,
        choices: ["merge", "push", "pull"] as const,
        describe:
          "Make the first sync at once: unite both sides, make Dropbox like this folder (push), or this folder like Dropbox (pull)",
      })
      .option("plan", {
        type: "string",
        requiresArg: true,
        describe: "Agree to exactly this plan of --initial push or pull: its 12 digits",
      })
      .option("yes", { alias: "y", type: "boolean", default: false, describe: "Do not ask" })
      .option("dry-run", {
        alias: "n",
        type: "boolean",
        default: false,
        describe: "Show the plan only",
      })
      .epilogue(
        "Without --initial nothing is moved yet: `snap sync` does that. Equal files are adopted, different ones of one name are both kept. With --initial push or pull the other side loses what it has besides; it is saved as a snapshot first, and `snap undo` takes it back. A folder that holds a live repository is refused with exit code 3.",
      )
      .example("snap link . /project --initial pull --dry-run", "what would be done"),
  run: async (context, words) => {
    const folder = words.folder ?? context.place;
    const plan = await planLink(context.environment, {
      folder,
      remote: words.remote,
      repos: words.repos,
      gitignore: words.gitignore,
    });
    const { initial } = words;
    showPlan(context, plan, initial);
    if (initial !== undefined) {
      const told = firstWords(context, { ...words, initial });
      const outcome = await linkAndSync(
        context.environment,
        { link: plan, words: told },
        context.work,
      );
      return concludeFirst(context, outcome);
    }
    if (words.plan !== undefined) throw planAlone();
    if (words.dryRun) {
      context.output.say("Nothing was changed.");
      context.output.result("link", 0, { dryRun: true, ...planFields(plan) });
      return 0;
    }
    await agree(context, words.yes);
    const workspace = await makeLink(context.environment, plan);
    context.output.say(`Linked. Run \`snap sync\` to make both sides equal.`);
    context.output.result("link", 0, { workspace: workspace.id, ...planFields(plan) });
    return 0;
  },
});

type Initial = "merge" | "push" | "pull";

function showPlan({ output }: CliContext, plan: LinkPlan, initial: Initial | undefined): void {
  output.emit("plan", planFields(plan));
  for (const warning of plan.warnings) output.warn(warning);
  output.say(
    `${displayName(plan.top)}  ⇄  ${displayName(plan.remote === "" ? "/" : plan.remote)} of ${displayName(plan.account.name)}`,
  );
  output.say(
    plan.remoteExists
      ? `The remote folder exists: ${existingText[initial ?? "merge"]}`
      : "The remote folder does not exist yet: the first sync makes it.",
  );
}

/** What the choice does with a remote folder that is there. */
const existingText: Readonly<Record<Initial, string>> = {
  merge: "equal files are adopted, different ones are both kept.",
  push: "equal files are adopted, and it is made like this folder; what it has besides is saved as a snapshot first.",
  pull: "equal files are adopted, and this folder is made like it; what this folder has besides is saved as a snapshot first.",
};

function planAlone(): SnapError {
  return new SnapError("usage", "--plan goes with --initial push and pull only", {
    hint: "A link alone moves nothing: leave it out.",
  });
}

function planFields(plan: LinkPlan): Readonly<Record<string, string | boolean>> {
  return {
    folder: plan.top,
    remote: plan.remote,
    account: plan.account.id,
    repos: plan.choice.repos,
    gitignore: plan.choice.gitignore ?? "sync",
    remoteExists: plan.remoteExists,
  };
}

async function agree({ questions }: CliContext, yes: boolean): Promise<void> {
  // A link moves nothing and can be taken back: a script need not be asked, a person is.
  if (yes || !questions.isPossible) return;
  if (await questions.confirm("Link them?")) return;
  throw new SnapError("refused", "Not linked; nothing was changed");
}

/** `snap unlink`: forget the bond. */
export const unlinkCommand: AnyCommand = defineCommand({
  command: "unlink",
  describe: "Forget the bond with the remote folder; no file of yours is touched",
  builder: (parser) =>
    parser.option("dry-run", {
      alias: "n",
      type: "boolean",
      default: false,
      describe: "Show what would be forgotten",
    }),
  run: async ({ environment, output, place }, words) => {
    const record = await removeLink(environment, place, { dryRun: words.dryRun });
    output.say(
      words.dryRun
        ? `Would unlink ${displayName(record.path)} from ${displayName(record.remote === "" ? "/" : record.remote)}. Nothing was changed.`
        : `Unlinked ${displayName(record.path)} from ${displayName(record.remote === "" ? "/" : record.remote)}. Files, snapshots, trash and undo area stay.`,
    );
    output.result("unlink", 0, {
      folder: record.path,
      remote: record.remote,
      dryRun: words.dryRun,
    });
    return 0;
  },
});

/** `snap workspaces`: every workspace that this installation knows. */
export const workspacesCommand: AnyCommand = defineCommand({
  command: "workspaces",
  describe: "List all workspaces and their links",
  builder: (parser) => parser,
  run: async ({ environment, output }) => {
    const records = await listWorkspaces(environment);
    for (const record of records) {
      output.emit("workspace", {
        id: record.id,
        path: record.path,
        remote: record.link?.remote ?? null,
      });
    }
    output.print(
      records.length === 0
        ? "No workspaces yet: `snap link` makes one."
        : table(
            records.map((record) => [
              displayName(record.path),
              record.link === undefined
                ? "not linked"
                : `⇄ ${displayName(record.link.remote === "" ? "/" : record.link.remote)}`,
            ]),
          ),
    );
    output.result("workspaces", 0, { count: records.length });
    return 0;
  },
});
