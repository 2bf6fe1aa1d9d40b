/**
 * A plan as files for launchers.
 *
 * @module
 */
import { writeLaunch } from "../../../sim/launch/launch.ts";
import { launcherFacts } from "../../../sim/launch/launch.ts";
import { type LauncherName, launcherNames } from "../../../sim/launch/types.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { formatPlan } from "../../../sim/plan/plan_words.ts";
import type { Planning } from "../planning.ts";
import type { PlanChange } from "./plan_changes.ts";
import { refusalOf, repairPlan } from "./repair_plan.ts";

/** The plan that a file says where the launcher cannot be told the one that was asked for. */
export interface InsteadPlan {
  /** The plan in words. */
  plan: string;
  /** What differs. */
  changes: PlanChange[];
  /** The step in closed form, seconds. */
  closedSeconds: number;
  /** How much longer that is than the step that was asked for, as a share of it. */
  slowdownFraction: number;
  /** Memory of the fullest stage, bytes. */
  peakBytes: number;
  /** Whether that fits. */
  fits: boolean;
}

/** A file for a launcher, or why there is none. */
export interface LaunchFile {
  /** Launcher. */
  launcher: LauncherName;
  /** The version whose arguments these are. */
  version: string;
  /** Name of the file. */
  path: string;
  /** The file; none where no plan nearby can be told. */
  text?: string;
  /** What the user still has to say or to know. */
  notes: readonly string[];
  /** Why the launcher cannot be told the plan itself. */
  refused?: string;
  /** The plan that it is told instead. */
  instead?: InsteadPlan;
}

/** Names of files. */
const paths: Readonly<Record<LauncherName, string>> = {
  "megatron-lm": "megatron-lm.sh",
  "megatron-bridge": "megatron-bridge.txt",
  deepspeed: "deepspeed.json",
  torchtitan: "torchtitan.toml",
};

function fileOf(planning: Planning, plan: Plan, launcher: LauncherName): LaunchFile {
  const { model, cluster, workload } = planning;
  const file = { launcher, version: launcherFacts(launcher).version, path: paths[launcher] };
  const write = (told: Plan) => writeLaunch({ plan: told, model, cluster, workload }, { launcher });
  const refused = refusalOf(planning, plan, launcher);
  if (refused === undefined) {
    const { text, notes } = write(plan);
    return { ...file, text, notes };
  }
  const repaired = repairPlan(planning, plan, launcher);
  if (repaired === undefined) return { ...file, notes: [], refused };
  const { price, changes, slowdownFraction, fits } = repaired;
  const { text, notes } = write(price.plan);
  const { stepSeconds: closedSeconds, peakBytes } = price;
  return {
    ...{ ...file, text, notes, refused },
    instead: {
      ...{ plan: formatPlan(price.plan), changes, closedSeconds, slowdownFraction },
      ...{ peakBytes, fits },
    },
  };
}

/**
 * A plan as files for launchers; for one that cannot be told it, the nearest plan that it can be told,
 * priced again, and why. Nothing is written to disk.
 *
 * @param planning The question; what is held in it may be changed where a launcher wants that.
 * @param plan A complete plan, such as the best one.
 * @param options `launchers`: all of them unless given.
 */
export function launchFiles(
  planning: Planning,
  plan: Plan,
  options: { launchers?: readonly LauncherName[] } = {},
): LaunchFile[] {
  return (options.launchers ?? launcherNames).map((launcher) => fileOf(planning, plan, launcher));
}
