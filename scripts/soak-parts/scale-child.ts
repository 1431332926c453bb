/** A process that does what S106 is about once, and says what it cost. */
import { scaleCase } from "../../test/engine/scale-case.ts";

const memoryMaxMiB = 512;
const rowReadsMax = 500;
const planCpuMsMax = 50;

export type ScaleTold = { readonly facts: string; readonly problem: string | undefined };

process.on("disconnect", () => process.exit(0));
process.once("message", ({ files }: { readonly files: number }) => {
  void scaleCase(files).then((cost) => {
    const memoryMiB = process.resourceUsage().maxRSS / 1024;
    const { adopted, transferred, rowsOfQuietLook, ops, rowReads, planCpuMs } = cost;
    const limits: readonly (readonly [string, boolean])[] = [
      ["memory", memoryMiB <= memoryMaxMiB],
      ["a first sync that moves what is there", transferred === 0 && adopted >= files],
      ["a quiet look that writes", rowsOfQuietLook === 0],
      ["one edit", ops.length === 1 && rowReads < rowReadsMax],
      ["the time of a plan", planCpuMs < planCpuMsMax],
    ];
    const facts = `${files} files: at most ${memoryMiB.toFixed(0)} MiB; one edit: ${rowReads} row reads, ${planCpuMs.toFixed(1)} ms of the processor; ${JSON.stringify(cost)}`;
    const told: ScaleTold = { facts, problem: limits.find(([, holds]) => !holds)?.[0] };
    process.send?.(told, () => process.exit(0));
  });
});
