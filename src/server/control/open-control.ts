import type { Rng } from "../../std/random.ts";
import { ControlAdmin } from "./admin.ts";
import type { Admin } from "./admin.ts";
import { Control } from "./control.ts";
import type { ControlOptions } from "./control.ts";

/** What watches and breaks calls, and the interface to it (V70). */
export type OpenedControl = { readonly control: Control; readonly admin: Admin };

/** Open both for one server. */
export function openControl(options: ControlOptions & { readonly rng: Rng }): OpenedControl {
  const control = new Control(options);
  return { control, admin: new ControlAdmin(control, options.rng) };
}
