import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { layers } from "./layers.ts";

const page = readFileSync(path.join(import.meta.dirname, "../../docs/architecture.md"), "utf8");

test("the architecture page prints the layer table as it is", () => {
  const code = (names: readonly string[]): string =>
    names.length === 0 ? "–" : names.map((name) => `\`${name}\``).join(", ");
  for (const [folder, layer] of Object.entries(layers)) {
    const builtins = layer.builtins === "any" ? "any" : code(layer.builtins);
    expect(page).toContain(
      `| \`${folder}\` | ${code(layer.imports)} | ${code(layer.packages)} | ${builtins} |`,
    );
  }
});
