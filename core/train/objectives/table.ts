/**
 * The hooks of each kind of training.
 *
 * @module
 */
import type { GateTensor } from "../../gates/gate.ts";
import type { TrainingSpec } from "../../gates/recipe.ts";
import { STEPS } from "../../gates/select/progress.ts";
import type { Gating } from "../../nn/gating.ts";
import { consistencyHooks } from "./consistency.ts";
import { growHooks } from "./grow.ts";
import type { HooksOf, ReviewRun, TrainingHooks } from "./hooks.ts";
import { reinforceHooks } from "./reinforce.ts";
import { stagesHooks } from "./stages.ts";
import { surrogateHooks } from "./surrogate.ts";

/** Hooks by kind. */
export const trainingHooks: { readonly [K in TrainingSpec["kind"]]: HooksOf<K> } = {
  consistency: consistencyHooks,
  stages: stagesHooks,
  surrogate: surrogateHooks,
  grow: growHooks,
  reinforce: reinforceHooks,
};

/** The hooks of what a recipe asks for; none where it asks for nothing. */
export function hooksOf(spec: TrainingSpec | undefined): TrainingHooks {
  return spec === undefined ? {} : trainingHooks[spec.kind] as TrainingHooks;
}

/** Parameters and states that a recipe's training has beside the model, such as "surrogate.w1". */
export function besideModel(
  gating: Gating | undefined,
): Record<"parameters" | "states", Record<string, GateTensor>> {
  const spec = gating?.recipe.training;
  const hooks = hooksOf(spec);
  const named = (of: typeof hooks.parameters) =>
    Object.fromEntries(
      spec && of
        ? Object.entries(of(spec, [...gating!.shapes.values()]))
          .map(([name, one]) => [`${spec.kind}.${name}`, one])
        : [],
    );
  return { parameters: named(hooks.parameters), states: named(hooks.states) };
}

/** The hooks of a recipe over a training. */
export interface TrainingCourse {
  /** The phase of a step, counted from 0. */
  phase(step: number): string;
  /** Tells the parameters that a phase leaves as they are; undefined where it leaves none, and outside
   * of training. */
  frozen(phase: string | undefined): ((name: string) => boolean) | undefined;
  /** Does what the host has to do, where something is due; says whether it was. */
  review(run: Omit<ReviewRun, "spec">): Promise<boolean>;
}

/** What a recipe does in a training of so many steps. */
export function courseOf(
  spec: TrainingSpec | undefined,
  { steps = STEPS }: { steps?: number },
): TrainingCourse {
  const hooks = hooksOf(spec);
  return {
    phase: (step) => spec && hooks.phase ? hooks.phase(spec, { step, steps }) : "all",
    frozen: (phase) =>
      phase === undefined ? undefined : hooks.frozen && ((name) => hooks.frozen!(phase, name)),
    async review(run) {
      if (!spec || !hooks.due?.(spec, { step: run.step, steps })) return false;
      await hooks.review?.({ ...run, spec });
      return true;
    },
  };
}
