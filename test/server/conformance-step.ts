import type { Answer } from "../support/checked-server.ts";

/** What earlier answers brought, for later calls. */
export type Memory = Record<string, string>;

/** One call, and what has to come back. */
export type Step = {
  readonly route: string;
  /** Nothing is sent where it is undefined. */
  readonly argument?: (memory: Memory) => unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly by?: "app" | "nobody";
  readonly status: number;
  /** In the text of the answer; of a failure, what it must begin with is before it. */
  readonly holds?: string;
  readonly keep?: Keep;
};

type Keep = (json: Answer["json"], memory: Memory) => void;

/** What an upload is to become. */
export function commitTo(path: string): object {
  return { path, mode: { ".tag": "overwrite" } };
}

/** A batch, its check, and the check of a job that there is not. */
export function batch(route: string, check: string, argument: object): readonly Step[] {
  return [
    {
      route,
      argument: () => argument,
      status: 200,
      holds: "async_job_id",
      keep: (json, memory) => (memory["job"] = json.async_job_id),
    },
    {
      route: check,
      argument: (memory) => ({ async_job_id: memory["job"] }),
      status: 200,
      holds: "complete",
    },
    {
      route: check,
      argument: () => ({ async_job_id: "dbjid:none" }),
      status: 409,
      holds: "invalid_async_job_id",
    },
  ];
}
