import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import type { Scratch } from "./scratch.ts";

const launcher = path.join(import.meta.dirname, "../../dist/cli/launch.cjs");

/** Prints each step with its time and what came of it, and runs `snap` in processes of its own. */
export class Story {
  readonly #startedAt = performance.now();
  #steps = 0;
  #child: ChildProcess | undefined;

  /** Run one step; the text that it returns says what it did. */
  async step(title: string, work: () => Promise<string> | string): Promise<void> {
    this.#steps += 1;
    console.log(`${String(this.#steps).padStart(2)}. ${title}`);
    const startedAt = performance.now();
    const told = await work();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(indent(`${told.trimEnd()}\n(${seconds} s)`));
  }

  /** `snap ARGUMENTS` in the workspace; progress goes to the terminal, the answer is the step's text. */
  commands({
    home,
    workspace,
    noteChild,
  }: Scratch): (...words: readonly string[]) => Promise<string> {
    return (...words) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [launcher, ...words], {
          cwd: workspace,
          env: { ...process.env, SNAP_HOME: home },
          stdio: ["ignore", "pipe", "inherit"],
        });
        this.#child = child;
        noteChild(child.pid);
        let told = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          told += text;
        });
        child.on("error", reject);
        child.on("close", (code, signal) => {
          this.#child = undefined;
          noteChild(undefined);
          const line = words.map(quoted).join(" ");
          if (code === 0) resolve(`$ snap ${line}\n${told}`);
          else reject(new Error(`snap ${line} ended with ${signal ?? code}\n${told}`));
        });
      });
  }

  /** End the command under way; its folder is removed next, so nothing of it has to be finished. */
  stop(): void {
    this.#child?.kill("SIGKILL");
  }

  end(): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    console.log(`\nThe quickstart passed: ${this.#steps} steps in ${seconds} s.`);
  }

  fail(error: unknown): void {
    console.error(`\nThe quickstart failed in step ${this.#steps}.`);
    console.error(error instanceof Error ? error.message : error);
  }
}

function quoted(word: string): string {
  return word.includes(" ") ? `"${word}"` : word;
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `      ${line}`.trimEnd())
    .join("\n");
}
