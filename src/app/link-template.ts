import { SnapError } from "../std/error.ts";
import { parseRemotePath } from "./remote-path.ts";

/** Values of names: those of `link.names`. */
export type NamesOf = { get(name: string): string | undefined };

const placeholder = /\{([A-Za-z][\w-]*)\}/gu;

/**
 * The remote path of a template like `/{org}/{space}/{instance}`, or of a path without names in it.
 *
 * @throws {SnapError} `usage` for a name without a value, `path-invalid` for what is no path then
 */
export function remoteFromTemplate(template: string, names: NamesOf): string {
  return parseRemotePath(
    template.replaceAll(placeholder, (_, name: string) => {
      const value = names.get(name);
      if (value !== undefined) return value;
      throw new SnapError("usage", `Nothing is set for {${name}} in "${template}"`, {
        hint: `Set it: snap config set link.names ${name}=TEXT (all names at once).`,
      });
    }),
  );
}
