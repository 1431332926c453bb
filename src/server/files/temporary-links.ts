import type { SQLInputValue } from "node:sqlite";
import { hashOf } from "../accounts/secrets.ts";
import { endedLinkSeconds, temporaryLinkSeconds, uploadLinkSecondsMin } from "../limits.ts";
import { randomText } from "../random-text.ts";
import { fileMetadata } from "../tree/node.ts";
import { lookUpFile } from "../tree/place.ts";
import { nowOf, readTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { BadCall, wrapFailures } from "../wire/failure.ts";
import type { Beginning } from "../tree/view.ts";
import type { JsonObject } from "../wire/failure.ts";
import type { Routes } from "../wire/routes.ts";
import { commitRequest } from "./commit.ts";
import { linkBase } from "./link-base.ts";

/** Links that work for a while without any token (fact sheet 4.8). */
export const temporaryLinkRoutes: Routes = {
  "files/get_temporary_link": { user: temporaryLink },
  "files/get_temporary_upload_link": {
    user: temporaryUploadLink,
    neverRoot: ["commit_info.path"],
  },
};

/** For exactly the state of the file that it was made for, whatever is written over it later. */
async function temporaryLink(call: Call): Promise<JsonObject> {
  const { argument, view, request } = call;
  const file = wrapFailures({ lookup: "path", write: "path" }, () =>
    lookUpFile(readTree(call), argument.text("path")),
  );
  const token = await keepLink(call, { rev: file.rev, lifeSeconds: temporaryLinkSeconds });
  return {
    metadata: fileMetadata(file, view),
    link: `${linkBase(request)}/cd/0/get/${token}/file`,
  };
}

/** What it commits is looked at when it is used; until then nothing is promised. */
async function temporaryUploadLink(call: Call): Promise<JsonObject> {
  const { argument, account, request, view } = call;
  const info = argument.inner("commit_info");
  if (info.list("property_groups").length > 0) {
    throw new BadCall(
      "request body: commit_info: property_groups: no app has property templates here",
    );
  }
  const from: Beginning = view.spaces[0].id === account.namespace ? "home" : "root";
  const commitInfo = JSON.stringify({ ...commitRequest(info, account.namespace), from });
  const lifeSeconds = checkedDuration(argument.count("duration"));
  const token = await keepLink(call, { commitInfo, lifeSeconds });
  return { link: `${linkBase(request)}/apitul/1/${token}` };
}

/** The schema checks the bounds of whole numbers only, and this one may have a fraction. */
function checkedDuration(seconds: number): number {
  const [least, most] = [uploadLinkSecondsMin, temporaryLinkSeconds];
  if (seconds >= least && seconds <= most) return seconds;
  const bound = seconds < least ? `>= ${least}` : `<= ${most}`;
  throw new BadCall(`request body: duration: expected float ${bound}, got ${seconds}`);
}

/** What a link is for. */
type LinkPurpose = {
  readonly rev?: number;
  readonly commitInfo?: string;
  readonly lifeSeconds: number;
};

/** Keep a new link; returns its token, of which only the hash stays (V78). */
async function keepLink(call: Call, purpose: LinkPurpose): Promise<string> {
  const { services, account, app } = call;
  const token = randomText(services.rng, 64);
  const now = nowOf(services);
  const values: readonly SQLInputValue[] = [
    hashOf(token),
    account.account,
    app.key,
    purpose.rev ?? null,
    purpose.commitInfo ?? null,
    now + Math.floor(purpose.lifeSeconds),
  ];
  await services.database.write(() => {
    const { database } = services;
    database.run("DELETE FROM temporary_links WHERE expires <= ?", now - endedLinkSeconds);
    database.run(
      `INSERT INTO temporary_links (hash, account, app, rev, commit_info, expires)
       VALUES (?, ?, ?, ?, ?, ?)`,
      ...values,
    );
  });
  return token;
}
