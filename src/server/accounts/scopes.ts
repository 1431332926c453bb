/** What each scope that an app may ask for lets it do, in the words of the consent page (fact sheet 2.4). */
const words: ReadonlyMap<string, string> = new Map([
  ["account_info.read", "See your name, your e-mail address, and how much space you use"],
  ["files.content.read", "Read what is in your files"],
  ["files.content.write", "Add, change, move and delete files and folders"],
  ["files.metadata.read", "See the names, sizes and dates of files and folders"],
  ["files.metadata.write", "Change what is noted about files and folders"],
  ["sharing.read", "See which links you have shared, and the names of other accounts"],
  ["sharing.write", "Share files and folders by link, and end such links"],
]);

/** Every scope that a tool for files needs, in alphabetical order. */
export const allScopes: readonly string[] = [...words.keys()];

/** A scope for people. */
export function scopeInWords(scope: string): string {
  return words.get(scope) ?? scope;
}

/** The scopes of a parameter or setting, each once; none where the text is empty. */
export function scopesIn(text: string): readonly string[] {
  return [...new Set(text.split(/\s+/).filter((scope) => scope !== ""))];
}

/**
 * Whether scopes allow a call (V21): a write scope includes its read scope, and any scope of files their metadata.
 *
 * No personal app can ask for `files.permanent_delete`; who may write gets through to the route, which decides itself.
 */
export function allows(scopes: readonly string[], required: string): boolean {
  if (scopes.includes(required)) return true;
  if (required === "files.permanent_delete") return scopes.includes("files.content.write");
  if (required === "files.metadata.read") {
    return scopes.some((scope) => scope.startsWith("files."));
  }
  return required.endsWith(".read") && scopes.includes(required.replace(/read$/, "write"));
}
