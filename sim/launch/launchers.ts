/**
 * The launchers by name.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import { bridge } from "./bridge/bridge.ts";
import { deepspeed } from "./deepspeed/deepspeed.ts";
import { megatron } from "./megatron/megatron.ts";
import { torchtitan } from "./torchtitan/torchtitan.ts";
import { type Launcher, type LauncherName, launcherNames } from "./types.ts";

const table: Readonly<Record<LauncherName, Launcher>> = {
  "megatron-lm": megatron,
  "megatron-bridge": bridge,
  deepspeed,
  torchtitan,
};

/** What is behind a launcher's name. */
export function launcherOf(name: string): Launcher {
  if (!Object.hasOwn(table, name)) throw unknownName("launcher", name, launcherNames);
  return table[name as LauncherName];
}
