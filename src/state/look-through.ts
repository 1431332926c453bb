import { isSnapError } from "../std/error.ts";
import { Connection } from "./connection.ts";
import { damageSeen } from "./database.ts";
import { refuseDamage, refuseForeignCode, schemaVersion } from "./schema.ts";

/**
 * Look an index through as a start after a crash does (S11), beside whoever works with it. Nothing is written to it; damage is noted
 * beside it, for the next start.
 *
 * @throws {SnapError} `damaged`, `version-too-new`, `disk-error`
 */
export function lookThroughIndex(path: string): void {
  try {
    using connection = new Connection(path, { readOnly: true });
    schemaVersion(connection);
    refuseDamage(connection);
    refuseForeignCode(connection);
  } catch (error) {
    throw isSnapError(error, "damaged") ? damageSeen(path)(error) : error;
  }
}
