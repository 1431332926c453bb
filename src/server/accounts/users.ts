import { accountsAskedMax } from "../limits.ts";
import type { AppCall, Call } from "../wire/call.ts";
import { BadCall, EndpointFailure, nested, tag } from "../wire/failure.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import type { Routes } from "../wire/routes.ts";
import { accountOfId, basicAccount } from "./account.ts";

/** Who calls, and who else has an account here (fact sheet 4.1, 4.2). */
export const userRoutes: Routes = {
  "check/user": { user: echo },
  "check/app": { app: echo },
  "users/get_account": { user: getAccount },
  "users/get_account_batch": { user: getAccounts },
  "users/features/get_values": { user: featureValues },
};

function echo({ argument }: AppCall): JsonObject {
  return { result: argument.text("query") };
}

function getAccount({ argument, services }: Call): JsonObject {
  const account = accountOfId(services.database, argument.text("account_id"));
  if (account === undefined) throw new EndpointFailure(tag("no_account"));
  return basicAccount(account);
}

function getAccounts({ argument, services }: Call): Json {
  const ids = argument.texts("account_ids");
  if (ids.length > accountsAskedMax) {
    throw new BadCall(
      `request body: account_ids: list must have at most ${accountsAskedMax} items`,
    );
  }
  return ids.map((id) => {
    const account = accountOfId(services.database, id);
    if (account === undefined) throw new EndpointFailure(nested("no_account", id));
    return basicAccount(account);
  });
}

/** Paper files count as files, as recorded; locks and team spaces are not there. */
function featureValues({ argument }: Call): JsonObject {
  const features = argument.list("features").map((feature) => feature.text(".tag"));
  if (features.length === 0) throw new EndpointFailure(tag("empty_features_list"));
  const values = features.map((feature) => {
    const enabled = feature === "paper_as_files";
    return nested(feature, { ...tag("enabled"), enabled });
  });
  return { values };
}
