import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";

const root = path.join(import.meta.dirname, "../..");

/** A source file with what it imports. */
export type Source = {
  /** From the top of the repository, `/` between names. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
};

/** Every file of the project's own that matches, in order. */
export function sources(pattern: string): readonly Source[] {
  return globSync(pattern, { cwd: root })
    .toSorted()
    .map((file) => {
      const text = readFileSync(path.join(root, file), "utf8");
      return { file: file.replaceAll(path.sep, "/"), text, imports: importsOf(text) };
    });
}

/** Module names of imports and exports, static, bare and dynamic; comments and text are not code and hold none. */
function importsOf(text: string): readonly string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const forms = [
    /^(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']/gm,
    /\bimport\s*\(\s*["']([^"']+)["']/g,
    /^import\s+["']([^"']+)["']/gm,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].flatMap((match) => match[1] ?? []));
}

/** Where an import leads: a folder of `src`, a built-in, or a package. */
export type Target =
  | { readonly to: "folder"; readonly name: string }
  | { readonly to: "builtin"; readonly name: string }
  | { readonly to: "package"; readonly name: string };

export function targetOf(source: Source, imported: string): Target {
  if (imported.startsWith(".")) {
    const file = path.posix.join(path.posix.dirname(source.file), imported);
    return { to: "folder", name: folderOf(file) };
  }
  if (isBuiltin(imported)) return { to: "builtin", name: imported };
  const parts = imported.split("/");
  const name = imported.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? imported);
  return { to: "package", name };
}

/** The first component below `src/`. */
export function folderOf(file: string): string {
  return file.replace(/^src\//, "").split("/")[0] ?? file;
}
