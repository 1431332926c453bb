import type { Fault } from "./fault.ts";

const engine = "src/engine";
const local = "src/local";

/** Faults of the protocols towards the server and the disk. */
export const engineFaults: readonly Fault[] = [
  [
    `${engine}/execute/upload.ts`,
    `return { path, parent: there.parent, replaces: there.rev };`,
    `return { path, parent: there.parent, replaces: undefined };`,
    "add instead of update",
  ],
  [
    `${engine}/execute/upload.ts`,
    `|| there.hash !== op.before.hash`,
    ``,
    "an upload does not check what it replaces",
  ],
  [
    `${engine}/execute/upload.ts`,
    `if (!isAsSeen(upload.row, file.stat)) return cancelled(changedHere);`,
    ``,
    "a file that changed since it was hashed goes up",
  ],
  [
    `${engine}/execute/upload.ts`,
    `(await file.unchanged()) && (await execution.mayGoUp(row.node))`,
    `await execution.mayGoUp(row.node)`,
    "a file that is written to goes up torn",
  ],
  [
    `${engine}/execute/upload.ts`,
    `(await file.unchanged()) && (await execution.mayGoUp(row.node))`,
    `await file.unchanged()`,
    "a large file of a repository that has just appeared goes up",
  ],
  [
    `${engine}/execute/copy-there.ts`,
    `if (item !== undefined && item.hash === copy.upload.row.hash) copied`,
    `if (item !== undefined) copied`,
    "a copy of something else is taken for the file",
  ],
  [
    `${engine}/execute/upload-together.ts`,
    `return isAsSeen(row, stat) && contentHashOf(content) === row.hash;`,
    `return true;`,
    "files that changed since they were hashed go up together",
  ],
  [
    `${engine}/execute/upload-together.ts`,
    `(await isUnchanged(execution, upload)) && (await execution.mayGoUp(upload.op.node))`,
    `await execution.mayGoUp(upload.op.node)`,
    "a file that is written to goes up with others",
  ],
  [
    `${engine}/execute/upload-together.ts`,
    `(await isUnchanged(execution, upload)) && (await execution.mayGoUp(upload.op.node))`,
    `await isUnchanged(execution, upload)`,
    "files of a repository that has just appeared go up together",
  ],
  [
    `${engine}/execute/upload-together.ts`,
    `replaces: berth.replaces,`,
    `replaces: undefined,`,
    "edited files do not go up together",
  ],
  [
    `${engine}/execute/execute-remote.ts`,
    `rev: found.row.rev });`,
    `rev: "" });`,
    "parent_rev is left out of a batch",
  ],
  [
    `${engine}/execute/execute-remote.ts`,
    `await remote.deleteFile(found.path, found.row.rev);`,
    `await remote.deleteFile(found.path, "");`,
    "parent_rev is left out",
  ],
  [
    `${engine}/execute/execute-remote.ts`,
    `execution.mayGo(op.node) ? seenRemote(execution.deps.index, op) : undefined`,
    `seenRemote(execution.deps.index, op)`,
    "a file that shall stay is deleted there",
  ],
  [
    `${engine}/execute/execute-remote.ts`,
    `if (isOfAnother(index, op.node, item.remoteId)) return cancelled(changedThere);`,
    ``,
    "the folder of another node is taken",
  ],
  [
    `${engine}/execute/execute-local.ts`,
    `!(await isStillGone(execution, op.node))`,
    `false`,
    "the server is not asked before something goes to the trash",
  ],
  [
    `${engine}/execute/execute-local.ts`,
    `if (known === undefined) return cancelled("something in it changed on the disk");`,
    ``,
    "a folder goes with a file that is new in it",
  ],
  [
    `${engine}/disk/pairing.ts`,
    `return agreedSize === String(size) && agreedModifiedNs === modifiedNs;`,
    `return agreedSize === String(size);`,
    "a reused inode passes for a move",
  ],
  [
    `${local}/displace-leaf.ts`,
    `if (await isDisplaced(site, act)) return done(statAt(site, place));`,
    `return done(statAt(site, place));`,
    "what was displaced is not verified",
  ],
  [
    `${local}/displace-leaf.ts`,
    `if (!(await isStillThere(site, act))) return cancelled(statAt(site, placeOf(act.path)));`,
    ``,
    "a file is taken away unseen",
  ],
  [
    `${local}/displace-leaf.ts`,
    `await syncFolder(site, trash.slice(0, -1));`,
    ``,
    "the trash is not durable",
  ],
  [
    `${local}/displace-leaf.ts`,
    `if (to.look() !== undefined) refuseTaken(trash);`,
    ``,
    "the trash is overwritten",
  ],
  [
    `${local}/write-checked.ts`,
    `if (hasher.finish().hash !== expect.hash) throw wrongContent("does not have the expected hash");`,
    ``,
    "a wrong byte comes down",
  ],
  [
    `${local}/metadata.ts`,
    `(special === true ? 0o7777 : 0o777)`,
    `0o7777`,
    "setuid comes with a download",
  ],
  [
    `${engine}/listing/quiet.ts`,
    ` && isBeaconCompared(index)`,
    ``,
    "a sync that was held takes the beacon for compared",
  ],
].map(([file = "", from = "", to = "", breaks = ""]) => ({ file, from, to, breaks }));
