import { findSocket } from "../app/run-folder.ts";
import type { DaemonStatus } from "./wire.ts";

/** How long the daemon gets to answer, ms. */
const answerMs = 5_000;

/** Largest answer that is read, characters. */
const answerLengthMax = 16 * 1024 * 1024;

/** One request by the oldest form: the answer is not cut into chunks, and the connection ends behind it. */
const request = "GET /v1/status HTTP/1.0\r\n\r\n";

/**
 * The daemon's status, asked for without an HTTP client: loading one takes longer than the answer.
 *
 * @returns undefined where no daemon answers
 * @throws {SnapError} `refused` where the way to it is not safe (X19)
 */
export async function quickStatus(place: {
  readonly run: string;
}): Promise<DaemonStatus | undefined> {
  const socket = await findSocket(place);
  const answer = socket === undefined ? undefined : await ask(socket);
  if (answer === undefined || !answer.startsWith("HTTP/1.1 200 ")) return undefined;
  const start = answer.indexOf("\r\n\r\n");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends of a private socket are this program
  return JSON.parse(answer.slice(start + 4)) as DaemonStatus;
}

function ask(socket: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = "";
    const connection = process.getBuiltinModule("node:net").connect(socket);
    const end = (result: string | undefined) => (): void => {
      connection.destroy();
      resolve(result);
    };
    connection.setEncoding("utf8").setTimeout(answerMs, end(undefined));
    connection.on("data", (part: string) => {
      answer += part;
      if (answer.length > answerLengthMax) end(undefined)();
    });
    connection.on("error", end(undefined));
    connection.on("end", () => end(answer)());
    connection.write(request);
  });
}
