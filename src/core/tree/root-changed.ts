import { SnapError } from "../../std/error.ts";
import type { RemoteAccount } from "./remote-item.ts";

/** The linked folder is not where its path leads now: the account has another root, so the path means another place. */
export function rootChanged({ home }: RemoteAccount): SnapError {
  const where = home === "" ? "" : ` What was yours alone is in "${home}" there.`;
  return new SnapError(
    "account-changed",
    "The paths of the account begin elsewhere now, and the linked folder is not found from there",
    {
      hint: `A team was joined or left, or the login is of another app.${where} Nothing was changed; run snap unlink, then snap link with the path that Dropbox shows now.`,
    },
  );
}
