import { pathKeyOf } from "../../core/path/path-key.ts";

/** How well a name matches: the whole of it, its beginning, or some part (V47). */
export type MatchRank = 0 | 1 | 2;

/** What names are looked for. */
export type NameQuery = {
  /** The whole query as a key: in NFC and lower case, words one space apart. */
  readonly whole: string;
  readonly words: readonly string[];
  /** The old search finds whole words, and the beginning of a word with the last one only. */
  readonly byWords: boolean;
};

/** What stands between words in the old search. */
const separators = /[^\p{L}\p{M}\p{N}]+/u;

/** A query as it was typed; case and Unicode form do not matter. */
export function nameQuery(text: string, byWords: boolean): NameQuery {
  const words = wordsOf(pathKeyOf(text), /\s+/);
  return {
    whole: words.join(" "),
    words: byWords ? words.flatMap((word) => wordsOf(word, separators)) : words,
    byWords,
  };
}

function wordsOf(text: string, between: RegExp): readonly string[] {
  return text.split(between).filter((word) => word !== "");
}

/** How well the key of a name matches; undefined where it does not. An empty query matches nothing. */
export function rankOf(query: NameQuery, nameKey: string): MatchRank | undefined {
  if (query.words.length === 0 || !matches(query, nameKey)) return undefined;
  if (nameKey === query.whole) return 0;
  return nameKey.startsWith(query.whole) ? 1 : 2;
}

function matches({ words, byWords }: NameQuery, nameKey: string): boolean {
  if (!byWords) return words.every((word) => nameKey.includes(word));
  const inName = wordsOf(nameKey, separators);
  return words.every((word, index) =>
    index < words.length - 1
      ? inName.includes(word)
      : inName.some((candidate) => candidate.startsWith(word)),
  );
}

/** A piece of a name: whether the query is in it. */
export type NameSpan = { readonly text: string; readonly isMatch: boolean };

/** A stored name cut where the query's words are in it. */
export function nameSpans({ words }: NameQuery, name: string): readonly NameSpan[] {
  const pieces = foldedPieces(name);
  const marked = marks(
    pieces.map(({ folded }) => folded),
    words,
  );
  const spans: { text: string; isMatch: boolean }[] = [];
  for (const [index, { text: character }] of pieces.entries()) {
    if (character === "") continue;
    const isMatch = marked[index] ?? false;
    const last = spans.at(-1);
    if (last?.isMatch === isMatch) last.text += character;
    else spans.push({ text: character, isMatch });
  }
  return spans;
}

/** A piece of a name, and the one code point of the key that it becomes. */
type FoldedPiece = { readonly text: string; readonly folded: string };

/**
 * Keys fold code point by code point, but a letter and its mark may become a single one in lower case. Such a letter is
 * one piece with all its marks, and pieces without text stand for what else its key has.
 */
function foldedPieces(name: string): readonly FoldedPiece[] {
  return (name.match(/\P{M}\p{M}*|\p{M}+/gu) ?? []).flatMap((cluster) => {
    const points = Array.from(cluster);
    const folded = Array.from<string>(pathKeyOf(cluster));
    const texts = points.length === folded.length ? points : [cluster];
    return folded.map((point, index) => ({ text: texts[index] ?? "", folded: point }));
  });
}

/** For each character whether a word covers it. */
function marks(folded: readonly string[], words: readonly string[]): readonly boolean[] {
  const marked = folded.map(() => false);
  for (const word of words.map((each) => Array.from(each))) {
    for (let start = 0; start + word.length <= folded.length; start += 1) {
      const isHere = word.every((character, offset) => folded[start + offset] === character);
      if (isHere) marked.fill(true, start, start + word.length);
    }
  }
  return marked;
}
