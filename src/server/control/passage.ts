import { ConnectionCut, cutBehind } from "../wire/connection-cut.ts";
import { ReadyAnswer } from "../wire/answer.ts";
import type { CallFacts, CallStart, Disturbance, Passage } from "../wire/interposer.ts";
import type { Rng } from "../../std/random.ts";
import type { Clock } from "../../std/time.ts";
import { breakAfter, reshape } from "./body-steps.ts";
import type { Fault } from "./fault-script.ts";
import { bodyFault, disturbanceOf, faultAnswer } from "./fault-effects.ts";
import type { Faults } from "./faults.ts";
import { isAnswer } from "./match-fault.ts";
import type { Hit } from "./match-fault.ts";
import type { CallRecording, Recorder } from "./recorder.ts";
import { pause } from "./simulate.ts";
import type { Simulation } from "./simulate.ts";

/** What a controlled call is handled with. */
export type ControlParts = {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly faults: Faults;
  readonly simulation: Simulation;
  readonly recorder: Recorder;
  /** Void every cursor of an account. */
  readonly resetCursors: (accountId: string) => Promise<void>;
};

/** One call as it is counted, delayed and broken. */
export class ControlledPassage implements Passage {
  readonly request: Request;
  readonly #start: CallStart;
  readonly #parts: ControlParts;
  readonly #recording: CallRecording;
  #hits: readonly Hit[] = [];
  /** Bytes of the request's body until it breaks off. */
  #requestBytesMax = Infinity;

  constructor(start: CallStart, recording: CallRecording, parts: ControlParts) {
    // The request is kept: the signal of the one that stands for it follows only as long as it is there.
    this.#start = start;
    this.#parts = parts;
    this.#recording = recording;
    this.request = this.#watched(start.request);
  }

  #watched(request: Request): Request {
    if (request.body === null) return request;
    const bandwidth = this.#parts.simulation.bandwidth("up");
    const fault = breakAfter(
      () => this.#requestBytesMax,
      () => new ConnectionCut("reset"),
    );
    const body = reshape(request.body, {
      steps: bandwidth === undefined ? [fault] : [bandwidth, fault],
      onBytes: (count) => this.#recording.received(count),
      signal: request.signal,
    });
    return new Request(request, { method: request.method, body, duplex: "half" });
  }

  async before(facts: CallFacts): Promise<Disturbance> {
    const { faults, simulation, recorder } = this.#parts;
    const { sequence } = this.#recording;
    this.#hits = faults.hits(facts, { sequence, requestId: this.#start.requestId });
    for (const { fault } of this.#hits) recorder.metrics.addFault(fault.kind);
    for (const { fault } of this.#hits) await this.#begin(fault, facts);
    const simulated = simulation.disturbance(facts);
    return this.#hits.reduce((all, { fault }) => ({ ...all, ...disturbanceOf(fault) }), simulated);
  }

  /** What a fault does before the work. */
  async #begin(fault: Fault, { account }: CallFacts): Promise<void> {
    if (fault.kind === "dropRequest") throw new ConnectionCut("close");
    if (fault.kind === "reset" && fault.of === "request") this.#breakRequest(fault.bytes);
    if (fault.kind === "cursorReset" && fault.of === "account" && account !== undefined) {
      await this.#parts.resetCursors(account);
    }
    if (isAnswer(fault) && fault.when !== "after") {
      throw new ReadyAnswer(faultAnswer(fault, this.#parts.rng));
    }
  }

  /** Arguments in the body have been read by now; a body that is content breaks when it gets there. */
  #breakRequest(bytes: number): void {
    if (bytes === 0 || this.#recording.bytesIn > bytes) throw new ConnectionCut("reset");
    this.#requestBytesMax = bytes;
  }

  async after(facts: CallFacts, answer: Response): Promise<Response> {
    let sent = answer;
    try {
      for (const { fault } of this.#hits) sent = await this.#change(fault, sent);
      await this.#parts.simulation.travel(this.#start.request.signal);
    } catch (error) {
      await sent.body?.cancel();
      throw error;
    }
    this.#recording.settle(facts, sent.status);
    return this.#onItsWay(sent);
  }

  /** What a fault does when the answer is there. */
  async #change(fault: Fault, answer: Response): Promise<Response> {
    if (fault.kind === "dropResponse") throw new ConnectionCut("close");
    if (fault.kind === "reset" && fault.of === "response" && fault.bytes === 0) {
      throw new ConnectionCut("reset");
    }
    if (fault.kind === "delay" && fault.bytes === undefined) {
      await pause(this.#parts.clock, fault.ms, this.#start.request.signal);
    }
    if (!isAnswer(fault) || fault.when !== "after") return answer;
    await answer.body?.cancel();
    return faultAnswer(fault, this.#parts.rng);
  }

  #onItsWay(answer: Response): Response {
    if (answer.body === null) return answer;
    const { clock, simulation } = this.#parts;
    const steps = this.#hits.map((hit) => bodyFault(hit, answer, clock));
    const body = reshape(answer.body, {
      steps: [...steps, simulation.bandwidth("down")].filter((step) => step !== undefined),
      onBytes: (count) => this.#recording.sent(count),
      onEnd: () => this.#recording.ended(),
      signal: this.#start.request.signal,
    });
    const { status, statusText, headers } = answer;
    return new Response(body, { status, statusText, headers });
  }

  lost(facts: CallFacts, error: unknown): void {
    this.#recording.settle(facts, cutBehind(error) === undefined ? "gone" : "cut");
  }
}
