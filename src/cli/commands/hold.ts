import { listHolds, othersHint, type Held, type HeldSet } from "../../app/holds.ts";
import { displayName } from "../../core/path/names.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatAgo, formatTime } from "../format.ts";
import { warnOfLoss } from "../index-loss.ts";
import type { Json } from "../../std/json.ts";

/** How many paths of a set are named where not all are asked for. */
const namedMax = 20;

/** `snap hold list`: what waits for the user. */
export const holdCommand: AnyCommand = defineCommand({
  command: "hold <action>",
  describe: "Show the changes that wait for you",
  builder: (parser) =>
    parser
      .positional("action", {
        choices: ["list"] as const,
        demandOption: true,
        describe: "list: each held set with its digest, what it would do, and its paths",
      })
      .example("snap hold list --verbose", "every path of every set")
      .epilogue(
        "A change that removes, replaces or renames very much at once is held until you have looked at it. `snap confirm DIGEST` lets one set pass; to undo it instead, put things back: the hold ends by itself.",
      ),
  run: async ({ environment, output, place }) => {
    const held = listHolds(environment, place);
    warnOfLoss(output, held.indexLoss);
    for (const set of held.sets) output.emit("hold", setFields(set));
    for (const { path, reason } of held.others)
      output.emit("hold", { kind: "other", path, reason });
    const now = environment.clock.now();
    output.print(textOf(held, { now, namedMax: output.isVerbose ? Infinity : namedMax }));
    output.result("hold", 0, { sets: held.sets.length, others: held.others.length });
    return 0;
  },
});

/** A set for programs. */
export function setFields({
  digest,
  kind,
  state,
  does,
  folder,
  madeAt,
  items,
}: HeldSet): Readonly<Record<string, Json>> {
  return { digest, kind, state, does, folder, since: madeAt, count: items.length, items };
}

type Shown = { readonly now: number; readonly namedMax: number };

function textOf({ sets, others }: Held, shown: Shown): string {
  if (sets.length + others.length === 0) return "Nothing is held.";
  return [
    ...sets.flatMap((set) => setLines(set, shown)),
    ...others.map(
      ({ path, reason }) => `repository    ${displayName(path)}: ${displayName(reason)}`,
    ),
    ...(others.length === 0 ? [] : [`    ${othersHint}`]),
  ].join("\n");
}

function setLines(set: HeldSet, { now, namedMax: most }: Shown): readonly string[] {
  const { digest, kind, state, does, madeAt, items } = set;
  const what = state === "confirmed" ? "confirmed, `snap sync`" : "snap sync";
  const named = items.slice(0, most).map(({ path }) => `    ${displayName(path)}`);
  const rest = items.length - named.length;
  return [
    `${digest}  ${kind}: ${what} ${does}, held since ${formatTime(madeAt)} (${formatAgo(madeAt, now)})`,
    ...named,
    ...(rest > 0 ? [`    … and ${rest} more: --verbose shows all`] : []),
    ...(state === "open" ? [`  let it pass: snap confirm ${digest}`] : []),
  ];
}
