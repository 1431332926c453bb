import { extensionOf } from "./served-file.ts";

/** Extensions of each category; `folder` has none, and `others` is every file that has none of these. */
const extensions: Readonly<Record<string, readonly string[]>> = {
  image: [
    "bmp",
    "gif",
    "heic",
    "ico",
    "jpeg",
    "jpg",
    "png",
    "psd",
    "raw",
    "svg",
    "tif",
    "tiff",
    "webp",
  ],
  document: ["doc", "docm", "docx", "md", "odt", "pages", "rtf", "tex", "txt", "wpd"],
  pdf: ["pdf"],
  spreadsheet: ["csv", "numbers", "ods", "tsv", "xls", "xlsm", "xlsx"],
  presentation: ["key", "odp", "pps", "ppsx", "ppt", "pptm", "pptx"],
  audio: ["aac", "aif", "aiff", "flac", "m4a", "mid", "mp3", "ogg", "opus", "wav", "wma"],
  video: ["3gp", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "webm", "wmv"],
  paper: ["paper", "papert"],
};

/** What a search is restricted to; an absent list restricts nothing. */
export type KindFilter = {
  /** Without dot, in lower case. */
  readonly extensions?: readonly string[] | undefined;
  readonly categories?: readonly string[] | undefined;
};

/** The category of a file or folder, by the extension of its name. */
export function categoryOf(kind: "file" | "folder", name: string): string {
  if (kind === "folder") return "folder";
  const extension = extensionOf(name);
  const found = Object.entries(extensions).find(([, known]) => known.includes(extension));
  return found?.[0] ?? "others";
}

/** Whether something of this kind and name passes; folders have no extension. */
export function passes(filter: KindFilter, kind: "file" | "folder", name: string): boolean {
  if (filter.extensions !== undefined) {
    if (kind === "folder" || !filter.extensions.includes(extensionOf(name))) return false;
  }
  return filter.categories?.includes(categoryOf(kind, name)) ?? true;
}
