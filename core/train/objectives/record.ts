/**
 * The hooks of a recipe on a tape: the passes of a step, and the losses beside them.
 *
 * @module
 */
import type { Tensor } from "../../../kernels/mod.ts";
import { shapedIds } from "../../arrays/device_scope.ts";
import { unflat } from "../../arrays/device_arrays.ts";
import { within } from "../../nn/gating.ts";
import { stored } from "../../nn/pointwise.ts";
import type { Tape, Variable } from "../../nn/tape.ts";
import { type ForwardOptions, headOf, type LossOptions } from "../../nn/transformer.ts";
import { passOf, readGates } from "./passes.ts";
import { hooksOf } from "./table.ts";

/** What the hooks of a step are told. */
export interface ObjectiveStep {
  /** The pass that they are about. */
  forward: ForwardOptions;
  /** The phase that the step is in. */
  phase: string;
  /** What is to be predicted, u32 [T]. */
  targets: Tensor;
}

/** The parameters of a phase: those that it leaves as they are want no gradient. */
export function parametersIn(
  all: Readonly<Record<string, Variable>>,
  { frozen }: { frozen?: (name: string) => boolean },
): Readonly<Record<string, Variable>> {
  if (!frozen) return all;
  return Object.fromEntries(
    Object.entries(all).map(([name, one]) => [
      name,
      frozen(name) ? { value: one.value, fixed: true } : one,
    ]),
  );
}

/** What `lossAndGradients` is told of the passes and of the losses beside them. */
export function objectiveOf(tape: Tape, step: ObjectiveStep): Omit<LossOptions, "lossScale"> {
  const { forward, phase, targets } = step;
  const { gates, parameters, model } = forward;
  const spec = gates?.recipe.training;
  const hooks = hooksOf(spec);
  const { reads, losses, passes: count = 1 } = hooks;
  if (!gates || !spec || !losses) return {};
  const readings = Array.from(
    { length: count },
    () => reads && readGates(tape, { reads, kind: spec.kind }),
  );
  return {
    passes: readings.map((reading, pass) => ({ ...passOf(forward, pass), seen: reading?.seen })),
    beside(outputs) {
      const g = gates.arrays(tape);
      const prefix = `${spec.kind}.`;
      const logitsOf = (x: Variable) => {
        const head = stored(tape, headOf(model, parameters), "f32");
        return g.product(stored(tape, x, "f32"), head, { transpose: "b" });
      };
      const { losses: found, state = {} } = losses({
        ...{ g, spec, phase, shapes: [...gates.shapes.values()] },
        passes: outputs.map(({ x, losses }, pass) => ({
          logits: () => logitsOf(x),
          losses_T1: unflat(tape, { value: losses, fixed: true }, [losses.shape[0], 1]),
          gates: readings[pass]?.gates ?? [],
        })),
        targets: shapedIds(targets, [targets.shape[0], 1]),
        w: within(parameters, prefix),
        state: Object.fromEntries(
          Object.entries(within(gates.states, prefix))
            .map(([name, value]) => [name, { value, fixed: true }]),
        ),
      });
      const named = Object.entries(state).map(([name, one]) => [`${prefix}${name}`, one]);
      return { losses: found, state: Object.fromEntries(named) };
    },
  };
}
