import { nameProblem } from "../../../src/core/path/names.ts";
import { isInside, topPath, type RelPath } from "../../../src/core/path/rel-path.ts";
import type { RemoteChange, RemoteItem } from "../../../src/core/tree/remote-item.ts";
import { pathTo, type CloudNode } from "./memory-cloud.ts";

/** A place that holds something now. */
export function present(item: RemoteItem): RemoteChange {
  return { change: "present", item };
}

/** Parents come before what is in them. */
export function orderOf(node: CloudNode): string {
  return pathTo(node).toLowerCase().replaceAll("/", "\0");
}

/** What is in a folder, or all below it. */
export function below(node: CloudNode, recursive: boolean): CloudNode[] {
  const children = [...node.children.values()];
  return recursive ? children.flatMap((child) => [child, ...below(child, true)]) : children;
}

/** What `changeOf` of the real side would call refused stays out of listings of items. */
export function isShown({ name }: RemoteItem): boolean {
  return nameProblem(name) === undefined;
}

const ownFolder = ".snap" as RelPath;

/** Our own documents are in no listing. */
export function isOwnBusiness(change: RemoteChange): boolean {
  const path = change.change === "present" ? change.item.path : topPath;
  return path !== ownFolder && !isInside(path, ownFolder);
}
