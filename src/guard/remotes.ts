import type { GitConfig } from "./git-config.ts";
import { entriesIn, inside, readStart, type Bytes } from "./read-only.ts";

/** Where a repository's commits may have been pushed to (G37). */
export type Remotes = {
  /** Of those that have an address, in the order in which they are configured. */
  readonly names: readonly string[];
  /** Whether a ref remembers where one of them stood. What a remote left behind that is gone proves nothing. */
  readonly isTracking: (ref: string) => boolean;
};

const top = "refs/remotes/";

/** A reader of more of them would take long for each ref. */
const targetsMax = 256;
const legacyMax = 256;
const legacyBytesMax = 4096;

/**
 * The remotes of a repository by its own configuration, that of the user, and the older lists beside it (gitrepository-layout(5)).
 *
 * @param configs the weakest first
 */
export function remotesOf(configs: readonly GitConfig[], common: Bytes): Remotes {
  const all = configs.flat();
  const configured = sectionsWithAddress(all, "remote");
  const names = [...new Set([...configured, ...legacyRemotes(common)])];
  const subversion = new Set(sectionsWithAddress(all, "svn-remote"));
  const isNamed = new Set(configured);
  const targets = all.flatMap(({ section, subsection = "", name, value }) => {
    const isGit = section === "remote" && isNamed.has(subsection) && name === "fetch";
    const isSvn = section === "svn-remote" && subversion.has(subsection) && svnKeys.has(name);
    return isGit || isSvn ? targetOf(value) : [];
  });
  const bounded = targets.slice(0, targetsMax);
  const owners = new Set(names);
  return {
    names,
    isTracking: (ref) =>
      ref.startsWith(top) &&
      (hasOwner(ref, owners) || bounded.some((target) => isTarget(ref, target))),
  };
}

const svnKeys: ReadonlySet<string> = new Set(["fetch", "branches", "tags"]);
const addressKeys: ReadonlySet<string> = new Set(["url", "pushurl", "vcs"]);

/** Settings that a user has for a name do not make a remote: only an address does. */
function sectionsWithAddress(config: GitConfig, kind: string): string[] {
  const names = config.flatMap(({ section, subsection, name, value }) =>
    section === kind && subsection !== undefined && addressKeys.has(name) && value !== ""
      ? [subsection]
      : [],
  );
  return [...new Set(names)];
}

/** `remotes/NAME` with a line `URL:`, `branches/NAME` with an address. */
function legacyRemotes(common: Bytes): string[] {
  const found = (folder: string, address: RegExp): string[] =>
    entriesIn(inside(common, folder))
      .slice(0, legacyMax)
      .filter(({ bytes, kind }) => {
        const path = inside(inside(common, folder), bytes);
        return kind === "file" && address.test(readStart(path, legacyBytesMax) ?? "");
      })
      .map(({ name }) => name);
  return [...found("remotes", /^URL:[ \t]*\S/mu), ...found("branches", /^[^\S\n]*\S/u)];
}

/** What stands before and after the star of a refspec's right side. */
type Target = { readonly start: string; readonly end: string | undefined };

function targetOf(refspec: string): Target[] {
  const target = refspec.slice(refspec.lastIndexOf(":") + 1);
  if (!refspec.includes(":") || refspec.startsWith("^") || target === "") return [];
  const [first, last] = [target.indexOf("*"), target.lastIndexOf("*")];
  if (first < 0) return [{ start: target, end: undefined }];
  return [{ start: target.slice(0, first), end: target.slice(last + 1) }];
}

function isTarget(ref: string, { start, end }: Target): boolean {
  if (end === undefined) return ref === start;
  return ref.startsWith(start) && ref.endsWith(end) && ref.length > start.length + end.length;
}

/** A remote may have a slash in its name. */
function hasOwner(ref: string, names: ReadonlySet<string>): boolean {
  for (let at = ref.indexOf("/", top.length); at > 0; at = ref.indexOf("/", at + 1)) {
    if (names.has(ref.slice(top.length, at))) return true;
  }
  return false;
}

/** So many names Git is told of at most. */
const exceptionsMax = 1_000;

/**
 * Words by which Git takes all tracking refs; undefined where there would be too many.
 *
 * @param refs names of all refs
 */
export function trackingWords(
  { isTracking }: Remotes,
  refs: Iterable<string>,
): readonly string[] | undefined {
  const below = [...refs].filter((ref) => ref.startsWith(top));
  const tracked = below.filter(isTracking);
  if (tracked.length === 0) return [];
  const ownTops = new Set(tracked.map(firstPart));
  const others = new Set<string>();
  for (const ref of below) {
    if (isTracking(ref)) continue;
    const first = firstPart(ref);
    const [whole, one] = [`${first}/*`, ref.slice(top.length)];
    others.add(ownTops.has(first) || one === first ? one : whole);
    if (others.size > exceptionsMax) return undefined;
  }
  return [...Array.from(others, (name) => `--exclude=${name}`), "--remotes"];
}

function firstPart(ref: string): string {
  return ref.slice(top.length).split("/", 1)[0] ?? "";
}
