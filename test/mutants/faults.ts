import { coreFaults } from "./core-faults.ts";
import { engineFaults } from "./engine-faults.ts";
import type { Fault } from "./fault.ts";
import { guardFaults } from "./guard-faults.ts";

/** All of them, in an order that does not change: a soak seed stands for one. */
export const faults: readonly Fault[] = [...coreFaults, ...engineFaults, ...guardFaults];

/** The source with the fault in it. @throws {Error} where its text is not there exactly once. */
export function withFault(text: string, { file, from, to }: Fault): string {
  const count = text.split(from).length - 1;
  if (count !== 1) throw new Error(`${file} has ${count} times: ${from}`);
  return text.replace(from, () => to);
}
