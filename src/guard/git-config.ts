/** One line of a configuration: `[section "subsection"] name = value`. */
export type ConfigEntry = {
  /** In lower case. */
  readonly section: string;
  /** As written; undefined without one. */
  readonly subsection: string | undefined;
  /** In lower case. */
  readonly name: string;
  /** "true" for a name without `=`. */
  readonly value: string;
};

/** Lines in the order of the file. */
export type GitConfig = readonly ConfigEntry[];

type Section = Pick<ConfigEntry, "section" | "subsection">;

/**
 * Read a configuration of Git's (git-config(1), "Syntax"). Nothing is followed or run: an `[include]` is an entry like
 * others (G5). A line that cannot be understood is passed over.
 */
export function parseGitConfig(text: string): GitConfig {
  const entries: ConfigEntry[] = [];
  let section: Section | undefined;
  for (const line of logicalLines(text)) {
    const header = headerOf(line);
    if (header !== undefined) section = header.section;
    const entry = section && entryOf(section, header === undefined ? line : header.rest);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Lines, with those that end in a backslash that is neither escaped nor in a comment joined to the next. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const raw of text.replace(/^\uFEFF/u, "").split("\n")) {
    const line = `${open ?? ""}${raw.replace(/\r$/u, "")}`;
    open = goesOn(line) ? line.slice(0, -1) : undefined;
    if (open === undefined) lines.push(line);
  }
  return open === undefined ? lines : [...lines, open];
}

function goesOn(line: string): boolean {
  return line.endsWith("\\") && line.match(tokens)?.at(-1) === "\\";
}

function headerOf(line: string): { section: Section; rest: string } | undefined {
  const match = /^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\](.*)$/su.exec(line);
  const name = match?.[1];
  if (match === null || name === undefined) return undefined;
  // `[section.sub]` is an old way to write a subsection.
  const dot = match[2] === undefined ? name.indexOf(".") : -1;
  const section = (dot < 0 ? name : name.slice(0, dot)).toLowerCase();
  const subsection =
    dot < 0 ? match[2]?.replaceAll(/\\(.)/gu, "$1") : name.slice(dot + 1).toLowerCase();
  return { section: { section, subsection }, rest: match[3] ?? "" };
}

function entryOf(section: Section, text: string): ConfigEntry | undefined {
  const match = /^\s*([a-z][\w-]*)\s*(?:=(.*)|(?:[;#].*)?)$/isu.exec(text);
  const name = match?.[1];
  if (name === undefined) return undefined;
  const written = match?.[2];
  return {
    ...section,
    name: name.toLowerCase(),
    value: written === undefined ? "true" : valueOf(written),
  };
}

const tokens = /"(?:[^"\\]|\\.)*"?|\\.?|[;#].*|\s+|[^"\\;#\s]+/gsu;

/** Quotes and escapes taken off, comments and the space around left out. */
function valueOf(written: string): string {
  let value = "";
  let blank = "";
  for (const [token] of written.matchAll(tokens)) {
    if (/^[;#]/u.test(token)) break;
    if (/^\s/u.test(token)) {
      blank += token;
      continue;
    }
    const plain = token.startsWith('"') ? token.slice(1).replace(/"$/u, "") : token;
    value += `${value === "" ? "" : blank}${plain.replaceAll(/\\(.)/gsu, unescapeChar)}`;
    blank = "";
  }
  return value;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["b", "\b"],
]);

function unescapeChar(_: string, char: string): string {
  return escapes.get(char) ?? char;
}

/** The last value of a name in a section without subsection, or in one. Names in lower case. */
export function configValue(
  config: GitConfig,
  name: string,
  subsection?: string,
): string | undefined {
  const [section, key] = name.split(".", 2);
  return config.findLast(
    (entry) => entry.section === section && entry.name === key && entry.subsection === subsection,
  )?.value;
}

/** A boolean as Git writes it; undefined for anything else. */
export function configBoolean(value: string | undefined): boolean | undefined {
  const lowered = value?.toLowerCase();
  if (lowered === undefined) return undefined;
  if (["true", "yes", "on", "1"].includes(lowered)) return true;
  return ["false", "no", "off", "0", ""].includes(lowered) ? false : undefined;
}

/** A value in quotes, so that it stands in a configuration as it is. */
export function quoteConfig(value: string): string {
  const escaped = value
    .replaceAll("\\", String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`);
  return `"${escaped}"`;
}
