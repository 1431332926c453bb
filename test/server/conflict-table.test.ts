import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

/** The table of fact sheet 4.6 once more, as it is seen from outside, with every flag. */
const outcomes = {
  // what is there: for each mode without strict_conflict and with it
  nothing: {
    add: ["write", "write"],
    overwrite: ["write", "write"],
    right: ["write", "write"],
    wrong: ["write", "write"],
  },
  removed: {
    add: ["write", "write"],
    overwrite: ["write", "write"],
    right: ["write", "conflict/file"],
    wrong: ["write", "conflict/file"],
  },
  same: {
    add: ["keep", "conflict/file"],
    overwrite: ["keep", "write"],
    right: ["keep", "keep"],
    wrong: ["keep", "conflict/file"],
  },
  other: {
    add: ["conflict/file", "conflict/file"],
    overwrite: ["write", "write"],
    right: ["write", "write"],
    wrong: ["conflict/file", "conflict/file"],
  },
  folder: {
    add: ["conflict/folder", "conflict/folder"],
    overwrite: ["conflict/folder", "conflict/folder"],
    right: ["conflict/folder", "conflict/folder"],
    wrong: ["conflict/folder", "conflict/folder"],
  },
  "file above": {
    add: ["conflict/file_ancestor", "conflict/file_ancestor"],
    overwrite: ["conflict/file_ancestor", "conflict/file_ancestor"],
    right: ["conflict/file_ancestor", "conflict/file_ancestor"],
    wrong: ["conflict/file_ancestor", "conflict/file_ancestor"],
  },
} as const;

type There = keyof typeof outcomes;
type Mode = keyof (typeof outcomes)["nothing"];

const theres = Object.keys(outcomes) as There[];
const modes = Object.keys(outcomes.nothing) as Mode[];
const cases = theres.flatMap((there) =>
  modes.flatMap((mode) =>
    [false, true].flatMap((strict) =>
      [false, true].map((autorename) => ({ there, mode, strict, autorename })),
    ),
  ),
);

const path = "/d/note.txt";

/** Brings about what is there; returns the metadata of the file that is or was at the path, or above it. */
async function arrange(checked: CheckedServer, there: There): Promise<Answer["json"]> {
  if (there === "nothing") return undefined;
  if (there === "file above") return checked.upload("/D", "above");
  const file = await checked.upload("/D/note.txt", there === "same" ? "new" : "old");
  if (there !== "removed" && there !== "folder") return file;
  await checked.rpc("files/delete_v2", { path });
  if (there === "folder") await checked.rpc("files/create_folder_v2", { path });
  return file;
}

/** Metadata, or the error that there are none: its summary ends in random dots. */
const at = async (checked: CheckedServer, place: string): Promise<Answer["json"]> => {
  const { json } = await checked.rpc("files/get_metadata", { path: place });
  return json.error ?? json;
};

type Case = (typeof cases)[number];

/** What the table wants, with `autorename` applied: a conflict is then the name that was found instead. */
function expected({ there, mode, strict, autorename }: Case): string {
  const outcome = outcomes[there][mode][strict ? 1 : 0];
  if (!autorename || !["conflict/file", "conflict/folder"].includes(outcome)) return outcome;
  const isUpdate = mode === "right" || mode === "wrong";
  return isUpdate ? "NOTE (Anna Berg's conflicted copy).txt" : "NOTE (1).txt";
}

function observed({ status, json }: Answer, before: Answer["json"]): string {
  if (status === 409) return json.error_summary.replace(/^path\/|\/\.*$/g, "");
  if (json.rev === before?.rev) return "keep";
  return json.path_lower === path ? "write" : json.name;
}

const unknownRev = "0123456789abc00000007";

test.each(cases)(
  "V34, V35: $there, mode $mode, strict $strict, autorename $autorename",
  async (given) => {
    await using checked = await CheckedServer.open();
    const { there, mode, strict, autorename } = given;
    const before = await arrange(checked, there);
    const stood = await at(checked, path);
    const rev = mode === "right" ? (before?.rev ?? unknownRev) : unknownRev;
    const argument = {
      path: "/d/NOTE.txt",
      mode: mode === "add" || mode === "overwrite" ? mode : { ".tag": "update", update: rev },
      strict_conflict: strict,
      autorename,
    };
    const answer = await checked.content("files/upload", argument, { body: "new" });
    const outcome = observed(answer, before);
    expect(outcome).toBe(expected(given));
    if (outcome !== "write") {
      expect(await at(checked, path), "what was there is as it was").toEqual(stood);
      return;
    }
    const overFile = there === "same" || there === "other";
    expect(answer.json.name).toBe(overFile ? "note.txt" : "NOTE.txt");
    expect(answer.json.id === before?.id, "only a file that is there keeps its id").toBe(overFile);
    expect(await at(checked, path)).toEqual({ ".tag": "file", ...answer.json });
  },
);
