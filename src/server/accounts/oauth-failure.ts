import { HttpFailure, WriteFailure } from "../wire/failure.ts";

/** A refusal of the token endpoint, in the form of RFC 6749, 5.2 (fact sheet 2.2). */
export function refused(error: string, description: string): HttpFailure {
  return new HttpFailure(400, { error, error_description: description });
}

/** The client is not who it says, or is not known; without more, so that nobody learns which (Choice 30). */
export function invalidClient(): HttpFailure {
  return refused("invalid_client", "Invalid client_id or client_secret");
}

/** What went wrong, as OAuth says it: a disk without room is a trouble of the server's that may pass. */
export function oauthFailure(error: unknown): unknown {
  if (!(error instanceof WriteFailure)) return error;
  const description = "The server has no room left.";
  return new HttpFailure(503, {
    error: "temporarily_unavailable",
    error_description: description,
  });
}
