// oxlint-disable-next-line no-control-regex -- these are the characters that a name must not have
const forbidden = /[\u0000- \u007f~^:?*[\\\uFFFD]|\.\.|@\{/u;

/**
 * Whether Git takes a text for the full name of a ref (git-check-ref-format(1)). The names that most file syncs give to
 * conflicted copies are none: they have spaces.
 */
export function isRefName(name: string): boolean {
  if (!name.startsWith("refs/") || forbidden.test(name)) return false;
  return name.split("/").every((part) => part !== "" && !/^\.|\.$|\.lock$/u.test(part));
}
