/**
 * Small questions: most of a plan is held, so that a search takes milliseconds.
 *
 * @module
 */
import { silentProgress } from "../../../experiments/cli_progress.ts";
import type { Context } from "../../../experiments/define.ts";
import { valuesOf } from "../../../experiments/define.ts";
import { scalingExperiment } from "../../../experiments/scaling/scaling.ts";
import type { ScalingValues } from "../../../experiments/scaling/scaling_parameters.ts";

/** Words that hold most of a plan. */
export const held = "precision=bf16,cp=1,etp=1,tp=1,schedule=1f1b,recompute=none,sp=false," +
  "dispatcher=all-to-all,overlap=gradients";

/** Parameters of a small run, with changes. */
export function smallValues(changes: Partial<ScalingValues> = {}): ScalingValues {
  return {
    ...valuesOf(scalingExperiment, { quick: true }) as ScalingValues,
    ...{ models: ["olmoe"], smallest: [8], largest: [32], at: [16], batch: [128], hold: held },
    ...{ factors: [0.5, 1, 2], skews: [0, 0.5, 1] },
    ...changes,
  };
}

/** A context of a run; `changes` of what it may use. */
export function contextOf(
  parameters: ScalingValues,
  changes: Partial<Context> = {},
): Context {
  return {
    ...{ seed: 1, quick: true, parameters, progress: silentProgress(), out: ".moelab" },
    signal: new AbortController().signal,
    log: () => {},
    ...changes,
  };
}
