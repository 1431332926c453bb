import { displayName } from "../core/path/names.ts";
import { speedOf, withMark, type Mark, type Speed } from "../core/transfer/speed.ts";
import type { Progress } from "../std/events.ts";
import { formatSize } from "./format.ts";

/** On a terminal the line is rewritten at most this often; elsewhere one line is added at most every ten seconds. */
const redrawMs = 100;
const reportMs = 10_000;

/** Where progress is shown, and the time in ms by which it is paced. */
export type ProgressTerminal = {
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly now: () => number;
};

/** One line of progress on stderr: items and bytes of the total, rate of the last seconds, time left, and the path that is worked on. */
export class ProgressLine {
  readonly #options: ProgressTerminal;
  #shownAt = 0;
  #isDrawn = false;
  #step = "";
  #startedAt = 0;
  #marks: readonly Mark[] = [];
  #isListing = false;
  readonly #listed = new Set<string>();
  /** What was told last of a step that has been on the line. */
  #shown: { readonly progress: Progress; readonly at: number } | undefined;

  constructor(options: ProgressTerminal) {
    this.#options = options;
  }

  /** From now on the line of each step stays on the terminal when the step is over, unless it was too short to be seen. */
  listSteps(): void {
    this.#isListing = true;
  }

  show(progress: Progress): void {
    const now = this.#options.now();
    if (progress.step !== this.#step) {
      this.#settle();
      this.#shown = undefined;
      this.#step = progress.step;
      this.#startedAt = now;
      this.#marks = [];
      if (this.#shownAt === 0) this.#shownAt = now;
    }
    const mark = { at: now, done: progress.done, bytes: progress.bytes };
    this.#marks = withMark(this.#marks, mark);
    const terminal = this.#options.stderr.isTTY === true;
    if (this.#shown !== undefined) this.#shown = { progress, at: now };
    if (now - this.#shownAt < (terminal ? redrawMs : reportMs)) return;
    this.#shownAt = now;
    const text = describe(progress, speedOf(this.#marks, mark, progress));
    if (terminal) {
      this.#shown = { progress, at: now };
      this.#draw(text, progress.current);
    } else this.#options.stderr.write(`${text}\n`);
  }

  /** Take the line off the terminal before something else is printed; a listed step that is over stays. */
  clear(): void {
    if (this.#shown?.progress.total !== undefined) this.#settle();
    if (!this.#isDrawn) return;
    this.#options.stderr.write("\r\u001b[K");
    this.#isDrawn = false;
  }

  /** Another step begins, or something else is printed: each step is listed once, when all of it is done. */
  #settle(): void {
    const shown = this.#shown;
    if (!this.#isListing || shown === undefined || this.#listed.has(this.#step)) return;
    const { done, total } = shown.progress;
    if (total !== undefined && done < total) return;
    this.#listed.add(this.#step);
    this.#shown = undefined;
    const elapsedMs = shown.at - this.#startedAt;
    const seconds = Math.round(elapsedMs / 1000);
    const text = `${describe(shown.progress, meanOf(shown.progress, elapsedMs))} · ${formatDuration(seconds)}`;
    this.#options.stderr.write(`\r\u001b[K${text}\n`);
    this.#isDrawn = false;
  }

  #draw(text: string, current: string | undefined): void {
    const columns = Math.max(20, (this.#options.stderr.columns ?? 80) - 1);
    const room = columns - text.length - 2;
    const tail =
      current === undefined || room < 8 ? "" : `  ${shorten(displayName(current), room)}`;
    this.#options.stderr.write(`\r\u001b[K${`${text}${tail}`.slice(0, columns)}`);
    this.#isDrawn = true;
  }
}

function describe(progress: Progress, { bytesPerSecond, secondsLeft }: Speed): string {
  const { step, done, total, bytes, bytesTotal } = progress;
  const parts = [`${step} ${done}${total === undefined ? "" : `/${total}`}`];
  if (bytes > 0) {
    parts.push(
      `${formatSize(bytes)}${bytesTotal === undefined ? "" : ` of ${formatSize(bytesTotal)}`}`,
    );
    if (bytesPerSecond !== undefined) parts.push(`${formatSize(bytesPerSecond)}/s`);
  }
  if (secondsLeft !== undefined) parts.push(`${formatDuration(secondsLeft)} left`);
  return parts.join(" · ");
}

/** Of a step that is over the whole counts. */
function meanOf({ bytes }: Progress, elapsedMs: number): Speed {
  const isKnown = elapsedMs >= 1000;
  return {
    bytesPerSecond: isKnown ? (bytes * 1000) / elapsedMs : undefined,
    secondsLeft: undefined,
  };
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
}

/** Cut in the middle, so that folder and file name both stay recognisable. */
function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.floor((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}
