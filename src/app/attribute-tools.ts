import { findProgram } from "../guard/shadow-git.ts";
import { runProgram, type ProgramEnd } from "../guard/run-program.ts";
import type { AttributeRun, AttributeTools } from "../snapshot/attribute-files.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Environment } from "./environment.ts";

/** Of the dump of one run, and the time that it may take, ms. */
const dumpBytesMax = 64 * 1024 * 1024;
const runMs = 10 * 60_000;

const dumpWords = ["-h", "-d", "-m", "-", "-e", "base64", "--absolute-names", "--"];

/**
 * The programs of this machine that read and set extended attributes.
 *
 * @param outside absolute; what lies at or below it is not used: it may have come from somebody else
 * @throws {SnapError} `usage` where they are missing, and on systems other than Linux
 */
export function requireAttributeTools(environment: Environment, outside: string): AttributeTools {
  const tools = findAttributeTools(environment, outside);
  if (typeof tools !== "string") return tools;
  throw new SnapError("usage", `Extended attributes need the programs of attr: ${tools}`, {
    hint: "On Debian and Ubuntu: apt-get install attr",
  });
}

/** The same, or why there are none. */
export function findAttributeTools(
  { variables, clock }: Environment,
  outside: string,
): AttributeTools | string {
  if (process.platform !== "linux") return "this system is not Linux";
  const programs = ["getfattr", "setfattr", "xargs"].map((name) => ({
    name,
    file: findProgram(name, variables["PATH"], outside),
  }));
  const missing = programs.find(({ file }) => file === undefined);
  if (missing !== undefined) return `there is no program ${missing.name} (package attr)`;
  const [getfattr = "", setfattr = "", xargs = ""] = programs.map(({ file }) => file ?? "");
  const run: Run = async ({ file, words, input, signal }) => {
    throwIfAborted(signal);
    const deadline = clock.now() + runMs;
    const env = { LC_ALL: "C" };
    const bounds = { env, cwd: "/", bytesMax: dumpBytesMax, deadline, clock, signal };
    const ended = await runProgram({ file, words, input, ...bounds });
    throwIfAborted(signal);
    return resultOf(file, ended);
  };
  return {
    // A command line has a longest length: xargs knows it.
    dump: (input, { signal }) =>
      run({ file: xargs, words: ["-0", "-r", getfattr, ...dumpWords], input, signal }),
    restore: (input, { signal }) =>
      run({ file: setfattr, words: ["-h", "--restore=-"], input, signal }),
    remove: (name, input, { signal }) =>
      run({ file: xargs, words: ["-0", "-r", setfattr, "-h", "-x", name, "--"], input, signal }),
  };
}

type Run = (run: {
  readonly file: string;
  readonly words: readonly string[];
  readonly input: Uint8Array;
  readonly signal: AbortSignal | undefined;
}) => Promise<AttributeRun>;

function resultOf(file: string, { end, code, stdout, stderr }: ProgramEnd): AttributeRun {
  if (end === "too-much" || end === "memory") return { code: undefined, stdout, stderr };
  if (code !== undefined) return { code, stdout, stderr };
  throw new SnapError("unexpected", `"${file}" did not come to its end (${end})`, {
    hint: "Without --xattrs a snapshot is taken without it.",
  });
}
