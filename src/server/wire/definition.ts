import { readFileSync } from "node:fs";

/** How a member, list item or tag names its type; limits belong to the use, not to the type. */
export type TypeUse = {
  readonly ref?: string;
  readonly list?: TypeUse;
  readonly type?: "String" | "Boolean" | "UInt64" | "UInt32" | "Float64" | "Timestamp";
  readonly optional?: boolean;
  readonly default?: string | number | boolean;
  readonly pattern?: string;
  readonly min_length?: number;
  readonly max_length?: number;
  readonly min_value?: number;
  readonly max_value?: number;
  readonly min_items?: number;
  readonly max_items?: number;
};

/** A struct; with `subtypes` it is a base, and its values carry a `.tag`. */
export type StructType = {
  readonly kind: "struct";
  readonly fields: Readonly<Record<string, TypeUse>>;
  readonly subtypes?: Readonly<Record<string, string>>;
};

/** A union; a tag with null has no value. */
export type UnionType = {
  readonly kind: "union";
  readonly closed: boolean;
  readonly tags: Readonly<Record<string, TypeUse | null>>;
};

/** One function of the API. */
export type RouteType = {
  readonly path: string;
  readonly arg: TypeUse | null;
  readonly result: TypeUse | null;
  readonly error: TypeUse | null;
  readonly host: "api" | "content" | "notify";
  readonly style: "rpc" | "upload" | "download";
  readonly scope: string | null;
  /** Who may call it: "user", "app", "app, user", "noauth". */
  readonly auth: string;
};

/** The official interface definition as data, reduced to the routes served and the types they reach. */
export type Definition = {
  readonly routes: readonly RouteType[];
  readonly types: Readonly<Record<string, StructType | UnionType>>;
};

/** Whether an error union has the member that stands for anything else. */
export function hasOther({ types }: Definition, use: TypeUse | null): boolean {
  const type = use?.ref === undefined ? undefined : types[use.ref];
  return type?.kind === "union" && Object.hasOwn(type.tags, "other");
}

/** Read `definition.json`, which lies beside this file in the source and in the package. */
export function loadDefinition(): Definition {
  const definition: Definition = JSON.parse(
    readFileSync(new URL("./definition.json", import.meta.url), "utf8"),
  );
  return definition;
}
