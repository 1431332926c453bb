import { parseRelPath, type RelPath } from "../../../src/core/path/rel-path.ts";
import type { PlanOptions, PlanSubject } from "../../../src/core/snapshot/restore-item.ts";
import {
  placeKey,
  type LocalItem,
  type LocalPicture,
  type RemotePicture,
  type Sight,
} from "../../../src/core/snapshot/restore-picture.ts";
import type { Wanted, WantedNode } from "../../../src/core/snapshot/restore-wanted.ts";
import { contentHashOf } from "../../../src/core/tree/content-hash.ts";

/** A tree as text: content by path, null for a folder, "->x" for a link to x. */
export type Scene = Readonly<Record<string, string | null>>;

export const hashOf = (text: string): string => contentHashOf(new TextEncoder().encode(text));

const time = "1000000000";

export function disk(
  scene: Scene,
  trouble: { readonly holding?: readonly string[]; readonly unknown?: readonly string[] } = {},
): LocalPicture {
  const items = Object.entries(scene).map(([name, content]) =>
    localItem(parseRelPath(name), content),
  );
  return {
    items: new Map(items.map((item) => [item.path, item])),
    unknown: new Map((trouble.unknown ?? []).map((path) => [parseRelPath(path), "unreadable"])),
    holding: new Set((trouble.holding ?? []).map((path) => parseRelPath(path))),
    ignored: 0,
  };
}

function localItem(path: RelPath, content: string | null): LocalItem {
  const shared = {
    name: path,
    fileId: `id:${path}`,
    mode: 0o644,
    modifiedNs: time,
    newestNs: time,
  };
  const stat = { ...shared, stamp: `${path} ${content ?? ""}` };
  if (content === null) {
    return { path, hash: undefined, stat: { ...stat, kind: "folder", size: 0, mode: 0o755 } };
  }
  if (content.startsWith("->")) {
    const linkTarget = content.slice(2);
    return { path, hash: undefined, stat: { ...stat, kind: "symlink", size: 0, linkTarget } };
  }
  return { path, hash: hashOf(content), stat: { ...stat, kind: "file", size: content.length } };
}

export function dropbox(scene: Scene): RemotePicture {
  const items = Object.entries(scene).map(([name, content]) => {
    const path = parseRelPath(name);
    const facts =
      content === null
        ? { kind: "folder" as const, hash: "", size: 0, rev: "" }
        : {
            kind: "file" as const,
            hash: hashOf(content),
            size: content.length,
            rev: `rev-${content}`,
          };
    return [placeKey(path), { path, ...facts, remoteId: `id:${name}`, modified: 1 }] as const;
  });
  return { items: new Map(items), holding: new Set() };
}

/** `saved` are contents that a snapshot or a revision holds, besides what is in Dropbox now. */
export function sightOf(
  local: LocalPicture,
  remote: RemotePicture | undefined,
  { synced = {}, saved = [] }: { readonly synced?: Scene; readonly saved?: readonly string[] } = {},
): Sight {
  const agreed = dropbox(synced).items;
  const hashes = [...(remote?.items.values() ?? [])].map(({ hash }) => hash);
  const outside = new Map();
  return {
    local,
    remote,
    synced: agreed,
    outside,
    saved: new Set([...hashes, ...saved.map(hashOf)]),
  };
}

/** Both sides equal, and synced. */
export function bothSides(scene: Scene): Sight {
  const remote = Object.fromEntries(
    Object.entries(scene).filter(([, content]) => content?.startsWith("->") !== true),
  );
  return sightOf(disk(scene), dropbox(remote), { synced: remote });
}

export function wantedTree(
  scene: Scene,
  options: {
    readonly isRemoved?: (path: RelPath) => boolean;
    readonly frozen?: readonly string[];
    readonly modifiedNs?: string;
  } = {},
): Wanted {
  const nodes = Object.entries(scene).map(([name, content]) => {
    const path = parseRelPath(name);
    return [path, wantedNode(content, options.modifiedNs)] as const;
  });
  return {
    nodes: new Map(nodes),
    aside: [],
    frozen: (options.frozen ?? []).map((path) => parseRelPath(path)),
    isRemoved: options.isRemoved ?? ((): boolean => true),
  };
}

function wantedNode(content: string | null, modifiedNs: string | undefined): WantedNode {
  const metadata = modifiedNs === undefined ? {} : { modifiedNs };
  if (content === null) return { kind: "folder", implied: false, ...metadata };
  if (content.startsWith("->")) return { kind: "symlink", linkTarget: content.slice(2) };
  const file = { hash: hashOf(content), size: content.length, sources: [], changing: false };
  return { kind: "file", ...file, ...metadata };
}

export function subject(options: Partial<PlanOptions> = {}): PlanSubject {
  const whole: PlanOptions = { paths: [], delete: true, onUnsaved: "replace", ...options };
  const link = { account: "dbid:1", folder: "/work" };
  return { kind: "restore", snapshot: "s1", options: whole, link };
}
