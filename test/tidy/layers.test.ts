import { describe, expect, test } from "vitest";
import { layers, type Layer } from "./layers.ts";
import { folderOf, sources, targetOf, type Source, type Target } from "./sources.ts";

const files = sources("src/**/*.{ts,cjs}");

describe("the layer table", () => {
  test("has a row for every folder of src, and no row without one", () => {
    const folders = new Set(files.map((source) => folderOf(source.file)));
    expect([...folders].toSorted()).toEqual(Object.keys(layers).toSorted());
  });

  test("imports only go down it, and every package and built-in has its home", () => {
    expect(files.flatMap(breaches)).toEqual([]);
  });

  test("folders form no circle", () => {
    const visit = (name: string, above: readonly string[]): void => {
      expect(above).not.toContain(name);
      for (const next of layers[name]?.imports ?? []) visit(next, [...above, name]);
    };
    for (const name of Object.keys(layers)) visit(name, []);
  });

  test("a breach is seen", () => {
    const source: Source = {
      file: "src/core/x.ts",
      text: "",
      imports: ["../engine/engine.ts", "node:fs", "yargs", "./y.ts", "node:crypto", "zod"],
    };
    expect(breaches(source)).toEqual([
      "src/core/x.ts imports folder engine",
      "src/core/x.ts imports builtin node:fs",
      "src/core/x.ts imports package yargs",
    ]);
  });
});

function breaches(source: Source): readonly string[] {
  const folder = folderOf(source.file);
  const layer = layers[folder];
  if (layer === undefined) return [`${source.file} is in no layer`];
  return source.imports
    .map((imported) => targetOf(source, imported))
    .filter((target) => !allowed(layer, folder, target))
    .map((target) => `${source.file} imports ${target.to} ${target.name}`);
}

function allowed(layer: Layer, folder: string, target: Target): boolean {
  switch (target.to) {
    case "folder":
      return target.name === folder || layer.imports.includes(target.name);
    case "builtin":
      return layer.builtins === "any" || layer.builtins.includes(target.name);
    case "package":
      return layer.packages.includes(target.name);
  }
}
