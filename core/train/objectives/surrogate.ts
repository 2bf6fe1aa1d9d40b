/**
 * A router tuned through a model of the loss: FLEXTRON, arXiv 2406.10260 (survey, section 4.1.1).
 * First a small network learns beside the model what loss a sequence has, from how the routers spread
 * it; in the last `share` of the steps it is frozen, and what it predicts is a loss of the routers.
 *
 * While the model learns, all losses fall. That level is a state, a running mean; the network learns
 * what lies above it, so that it need not follow.
 *
 * @module
 */
import { movedBaseline } from "../../gates/training/reinforce.ts";
import {
  routerFeatures,
  type Surrogate,
  surrogateError,
  surrogateTensors,
  throughSurrogate,
} from "../../gates/training/surrogate.ts";
import type { HooksOf, ObjectiveRun } from "./hooks.ts";

/** What the level keeps of itself in a step. */
const KEPT = 0.9;

/** What the small network reads: mean shares of experts in each sequence, and its parameters. */
function surrogateOf<A, I>({ g, w, shapes, passes: [{ gates }] }: ObjectiveRun<A, I>) {
  const gates_TE = gates.map((logits_TE) => g.softmax(logits_TE));
  const features_SF = routerFeatures(g, { gates_TE, length: shapes[0].length });
  return { features_SF, of: w as Readonly<Record<keyof Surrogate<A>, A>> };
}

/** See the module. */
export const surrogateHooks: HooksOf<"surrogate"> = {
  parameters: ({ width }, shapes) =>
    surrogateTensors({ features: shapes.reduce((sum, one) => sum + one.experts, 0), width }),
  states: (_, [{ vocabulary }]) => ({
    level: { shape: [1, 1], init: { value: Math.log(vocabulary) } },
  }),
  phase: ({ share }, { step, steps }) =>
    step < steps * (1 - share) ? "learn the loss" : "tune the router",
  frozen: (phase, name) => phase === "tune the router" && name.startsWith("surrogate."),
  reads: (gated) => gated.logits,
  losses(run) {
    const { g, phase, shapes: [{ length }], passes: [{ losses_T1 }], state: { level } } = run;
    const { features_SF, of } = surrogateOf(run);
    if (phase === "tune the router") {
      const value = g.map("add", throughSurrogate(g, features_SF, of), level);
      return { losses: [{ name: "expected loss", value }] };
    }
    const losses_S1 = g.map("subtract", g.segmentMeans(losses_T1, length), level);
    const value = surrogateError(g, { features_SF, losses_S1, of });
    const moved = movedBaseline(g, { baseline: level, losses_T1, keep: KEPT });
    return { losses: [{ name: "surrogate error", value }], state: { level: moved } };
  },
};
