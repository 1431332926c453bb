import type { GuardFinding } from "../core/repo/finding.ts";
import { adviceFor } from "./advice.ts";
import { isDamage, isNone } from "./risk.ts";
import { shellWord } from "../core/path/shell-word.ts";
import { ignorePattern, operands } from "./refusal.ts";

/** Something that a person can do, with the commands for it as a shell takes them. */
export type WayOut = {
  readonly way: "push" | "exclude" | "leave-out" | "override" | "rescue" | "repair" | "readable";
  readonly text: string;
  readonly commands: readonly string[];
};

/**
 * Every way out that helps a finding, with its commands (G6).
 *
 * @param top the folder that was checked, absolute
 */
export function waysOutOf(finding: GuardFinding, top: string): WayOut[] {
  const help: readonly (WayOut | undefined)[] = [
    rescueWay(finding),
    repairWay(finding),
    readableWay(finding),
    ...adviceFor(finding).map((way) => makers[way](finding, top)),
  ];
  return help.filter((way) => way !== undefined);
}

type Maker = (finding: GuardFinding, top: string) => WayOut;

const makers: Readonly<Record<GuardFinding["advice"][number], Maker>> = {
  push: (finding) => ({
    way: "push",
    text: "Push the work to a server, so that this folder is not the only one that has it.",
    commands: pushCommands(finding),
  }),
  exclude: (_, top) => ({
    way: "exclude",
    text: "Sync the files and leave the history out; each device then has a repository of its own.",
    commands: [`snap link ${shellWord(top)} --repos exclude`],
  }),
  "leave-out": ({ path }, top) => ({
    way: "leave-out",
    text: "Do not sync this folder at all: a line in .mignore leaves it out.",
    commands: [
      `printf '%s\\n' ${shellWord(ignorePattern(path))} >> ${shellWord(`${top}/.mignore`)}`,
    ],
  }),
  override: ({ absolutePath }) => ({
    way: "override",
    text: "Sync this repository like other files, and take the risk for 90 days. Never use two devices at once.",
    commands: [`snap guard override ${shellWord(absolutePath)} --reason "..."`],
  }),
};

/** Branches that are named in a report at most. */
const branchesMax = 20;

function pushCommands({ absolutePath, facts }: GuardFinding): string[] {
  const git = `git -C ${shellWord(absolutePath)}`;
  if (facts === undefined) return [];
  const ahead = facts.work.unpushed.branches.map(({ name }) => name).slice(0, branchesMax);
  const { branch } = facts.head;
  const branches = ahead.length > 0 || branch === undefined ? ahead : [branch];
  const [remote] = facts.remotes;
  const add = remote === undefined ? [`${git} remote add origin URL`] : [];
  const uncommitted = [facts.work.staged, facts.work.unstaged].some((each) => !isNone(each));
  return [
    ...(uncommitted ? [`${git} status`] : []),
    ...add,
    ...branches.map((name) => `${git} push ${operands(remote ?? "origin", name)}`),
  ];
}

function rescueWay({ damage, absolutePath }: GuardFinding): WayOut | undefined {
  if (!damage.some(({ rescuableOid }) => rescuableOid !== undefined)) return undefined;
  return {
    way: "rescue",
    text: "Save commits that nothing leads to any more, before anything else is tried.",
    commands: [`snap guard rescue ${shellWord(absolutePath)} --out rescued.bundle`],
  };
}

/** As long as it is damaged nothing else is offered (G55). */
function repairWay({ damage, absolutePath }: GuardFinding): WayOut | undefined {
  if (!damage.some(isDamage)) return undefined;
  return {
    way: "repair",
    text: "Repair it: each sign of damage says how. Then look again.",
    commands: [`snap guard check ${shellWord(absolutePath)} --deep`],
  };
}

function readableWay({ form, absolutePath }: GuardFinding): WayOut | undefined {
  if (form !== "unreadable") return undefined;
  return {
    way: "readable",
    text: "Make the folder readable, and check again.",
    commands: [`chmod u+rx ${shellWord(absolutePath)}`],
  };
}
