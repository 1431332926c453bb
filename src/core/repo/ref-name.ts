// oxlint-disable-next-line no-control-regex -- these are the characters that a name must not have
const forbidden = /[\u0000- \u007f~^:?*[\\\uFFFD]|\.\.|@\{/u;

/**
 * Whether Git takes a text for the full name of a ref (git-check-ref-format(1)). The names that most file syncs give to
 * conflicted copies are none: they have spaces.
 */
export function isRefName(name: string): boolean {
  if (!name.startsWith("refs/") || forbidden.test(name)) return false;
  return !name.endsWith(".") && name.split("/").every((part) => !/^$|^\.|\.lock$/u.test(part));
}

/**
 * Whether Git may take bytes that are no UTF-8 for the full name of a ref, by their text: U+FFFD, or an escape such as `\xe8`, stands
 * for each. Two such names may have the same text, so none is a key.
 */
export function isUnclearRefName(name: string): boolean {
  const plain = name.replaceAll(/\uFFFD|\\x[0-9a-f]{2}/gu, "_");
  return plain !== name && isRefName(plain);
}
