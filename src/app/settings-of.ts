import type { Settings, WorkspaceSettings } from "../core/settings/values.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { Environment } from "./environment.ts";

/**
 * What holds in a workspace: its own settings before the user's. Read anew, since another process may have changed them.
 *
 * @throws {SnapError} `settings-invalid`
 */
export function settingsOf(
  { settings }: Pick<Environment, "settings">,
  { id }: Pick<WorkspaceRecord, "id">,
): Settings & WorkspaceSettings {
  const config = settings.read();
  return { ...config.settings, ...config.workspaces.find((record) => record.id === id)?.settings };
}
