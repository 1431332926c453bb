/** Markup that is safe to send. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in a template: text, which is escaped, or markup, or nothing. */
export type HtmlPart = string | Html | readonly Html[] | undefined;

/** Markup from a template literal; every text that is put in is escaped, in content and in quoted attributes alike. */
export function html(literals: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const pieces = parts.map((part, index) => `${markupOf(part)}${literals[index + 1] ?? ""}`);
  return new Html(`${literals[0] ?? ""}${pieces.join("")}`);
}

function markupOf(part: HtmlPart): string {
  if (part === undefined) return "";
  if (typeof part === "string") return escaped(part);
  return part instanceof Html ? part.markup : part.map(({ markup }) => markup).join("");
}

function escaped(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
