import type { WantedBlock, RepairSources } from "../../src/core/snapshot/repair-request.ts";

/** Sources that have nothing. */
export const noSources: RepairSources = {
  prepare: () => Promise.resolve(),
  async *offers() {},
};

/** Sources that hold the present content of some paths, and what was asked of them. */
export function sourcesOf(
  contents: Readonly<Record<string, Uint8Array>>,
): RepairSources & { readonly asked: WantedBlock[] } {
  const asked: WantedBlock[] = [];
  return {
    asked,
    prepare: () => Promise.resolve(),
    async *offers(wanted) {
      asked.push(wanted);
      const content = contents[wanted.file.path];
      if (content === undefined) return;
      const { offset, length } = wanted;
      yield { from: "workspace", bytes: content.subarray(offset, offset + length) };
    },
  };
}
