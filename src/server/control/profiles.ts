import { SnapError } from "../../std/error.ts";
import type { Json } from "../wire/failure.ts";
import { JsonReader, anyCount, anyDelay, compact } from "./json-reader.ts";

/** How the way to the service and the service itself behave (V74). A limit that is left out is none. */
export type Profile = {
  readonly name: string;
  /** From a request to its answer, besides everything else. */
  readonly roundTripMs: number;
  /** One call, as if each had a connection of its own. */
  readonly uploadBytesPerSecond?: number;
  readonly downloadBytesPerSecond?: number;
  /** All calls together. */
  readonly totalUploadBytesPerSecond?: number;
  readonly totalDownloadBytesPerSecond?: number;
  /** How long a commit takes. */
  readonly commitMs: number;
  /** How long a commit waits for others in its namespace until it is 429. Left out: there is no such lock. */
  readonly lockWaitMs?: number;
  /** Of one account; more are 429. A second's worth may come at once. */
  readonly requestsPerSecond?: number;
  /** How often a job says `in_progress`. */
  readonly jobPolls: number;
  /** How long a write is not seen by listings. */
  readonly readLagMs: number;
};

/** Nothing is slower than it is. */
export const noProfile: Profile = {
  name: "none",
  roundTripMs: 0,
  commitMs: 0,
  jobPolls: 0,
  readLagMs: 0,
};

/** Plausible, not measured: an ordinary home, and the service on a bad day for an eager client. */
const profiles: readonly Profile[] = [
  noProfile,
  {
    name: "home",
    roundTripMs: 60,
    uploadBytesPerSecond: 2_500_000,
    downloadBytesPerSecond: 6_000_000,
    totalUploadBytesPerSecond: 5_000_000,
    totalDownloadBytesPerSecond: 12_500_000,
    commitMs: 100,
    lockWaitMs: 1_000,
    requestsPerSecond: 50,
    jobPolls: 1,
    readLagMs: 0,
  },
  {
    name: "throttled",
    roundTripMs: 150,
    uploadBytesPerSecond: 250_000,
    downloadBytesPerSecond: 1_000_000,
    totalUploadBytesPerSecond: 500_000,
    totalDownloadBytesPerSecond: 2_000_000,
    commitMs: 300,
    lockWaitMs: 200,
    requestsPerSecond: 5,
    jobPolls: 3,
    readLagMs: 1_000,
  },
];

const members: readonly (keyof Profile)[] = [
  "name",
  "roundTripMs",
  "uploadBytesPerSecond",
  "downloadBytesPerSecond",
  "totalUploadBytesPerSecond",
  "totalDownloadBytesPerSecond",
  "commitMs",
  "lockWaitMs",
  "requestsPerSecond",
  "jobPolls",
  "readLagMs",
];

const rate = { ...anyCount, least: 1 };
const lastPoll = { ...anyCount, most: 1_000_000 };

/**
 * A profile out of data that somebody wrote: the name of one that is built in, or an object with members that differ
 * from it. An object with another name starts from `none`.
 *
 * @throws {SnapError} `usage`, saying which member is wrong.
 */
export function readProfile(value: Json): Profile {
  if (typeof value === "string") return builtIn(value);
  const reader = new JsonReader(value, "", members);
  const name = reader.required("name", reader.text("name"));
  const changes = compact({
    roundTripMs: reader.integer("roundTripMs", anyDelay),
    uploadBytesPerSecond: reader.integer("uploadBytesPerSecond", rate),
    downloadBytesPerSecond: reader.integer("downloadBytesPerSecond", rate),
    totalUploadBytesPerSecond: reader.integer("totalUploadBytesPerSecond", rate),
    totalDownloadBytesPerSecond: reader.integer("totalDownloadBytesPerSecond", rate),
    commitMs: reader.integer("commitMs", anyDelay),
    lockWaitMs: reader.integer("lockWaitMs", anyDelay),
    requestsPerSecond: reader.integer("requestsPerSecond", rate),
    jobPolls: reader.integer("jobPolls", lastPoll),
    readLagMs: reader.integer("readLagMs", anyDelay),
  });
  return { ...(profiles.find((known) => known.name === name) ?? noProfile), ...changes, name };
}

function builtIn(name: string): Profile {
  const found = profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const names = profiles.map((profile) => profile.name).join(", ");
  throw new SnapError("usage", `There is no profile "${name}"; there are ${names}`);
}
