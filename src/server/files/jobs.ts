import { randomText } from "../random-text.ts";
import { integer, text } from "../store/rows.ts";
import { nowOf, requireAccount } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, tag } from "../wire/failure.ts";
import type { Json, Tagged } from "../wire/failure.ts";
import { jobSeconds } from "../limits.ts";

/** Routes that answer with a job; the id of one family means nothing to the check of another (Choice 24). */
export type JobFamily =
  | "create_folder_batch"
  | "delete_batch"
  | "copy_batch"
  | "copy_batch_v2"
  | "move_batch"
  | "move_batch_v2"
  | "upload_session/finish_batch";

/**
 * Keep what the check of a job will answer; the work itself is done already (V45). Inside a transaction.
 *
 * @returns the job's id, `dbjid:` and 84 characters.
 * @throws {HttpFailure} 401 when the account was removed since the call began.
 */
export function addJob(call: Call, family: JobFamily, status: Tagged): string {
  requireAccount(call);
  const { database, rng } = call.services;
  const id = `dbjid:AA${randomText(rng, 82)}`;
  database.run(
    "INSERT INTO jobs (id, account, family, result, polls, made) VALUES (?, ?, ?, ?, ?, ?)",
    id,
    call.account.account,
    family,
    JSON.stringify(status),
    call.disturbance.jobPolls ?? 0,
    nowOf(call.services),
  );
  return id;
}

/** The check of a family: `in_progress` as often as a simulation wants it (V74), then what became of the job. */
export function checkOf(family: JobFamily): (call: Call) => Promise<Json> {
  return async (call) => {
    const { database } = call.services;
    const id = call.argument.text("async_job_id");
    const row = database.first(
      "SELECT result, polls FROM jobs WHERE id = ? AND account = ? AND family = ? AND made > ?",
      id,
      call.account.account,
      family,
      nowOf(call.services) - jobSeconds,
    );
    if (row === undefined) throw new EndpointFailure(tag("invalid_async_job_id"));
    if (integer(row, "polls") > 0) {
      const count = "UPDATE jobs SET polls = polls - 1 WHERE id = ? AND polls > 0";
      await database.write(() => database.run(count, id));
      return tag("in_progress");
    }
    const status: Json = JSON.parse(text(row, "result"));
    return status;
  };
}
