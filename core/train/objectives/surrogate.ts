/**
 * A router tuned through a model of the loss: FLEXTRON, arXiv 2406.10260 (survey, section 4.1.1).
 * First a small network learns beside the model what loss a sequence has, from how the routers spread
 * it; in the last `share` of the steps it is frozen, and what it predicts is a loss of the routers.
 *
 * @module
 */
import {
  routerFeatures,
  type Surrogate,
  surrogateError,
  surrogateTensors,
  throughSurrogate,
} from "../../gates/training/surrogate.ts";
import type { HooksOf, ObjectiveRun } from "./hooks.ts";

/** What the small network reads: mean shares of experts in each sequence, and its parameters. */
function surrogateOf<A, I>({ g, w, shapes, passes: [{ gates }] }: ObjectiveRun<A, I>) {
  const gates_TE = gates.map((logits_TE) => g.softmax(logits_TE));
  const features_SF = routerFeatures(g, { gates_TE, length: shapes[0].length });
  return { features_SF, of: w as Readonly<Record<keyof Surrogate<A>, A>> };
}

/** See the module. */
export const surrogateHooks: HooksOf<"surrogate"> = {
  parameters: ({ width }, shapes) => ({
    ...surrogateTensors({ features: shapes.reduce((sum, one) => sum + one.experts, 0), width }),
    // What a model expects that knows nothing of the text.
    b2: { shape: [1, 1], init: { value: Math.log(shapes[0].vocabulary) } },
  }),
  phase: ({ share }, { step, steps }) =>
    step < steps * (1 - share) ? "learn the loss" : "tune the router",
  frozen: (phase, name) => phase === "tune the router" && name.startsWith("surrogate."),
  reads: (gated) => gated.logits,
  losses(run) {
    const { g, phase, shapes: [{ length }], passes: [{ losses_T1 }] } = run;
    const { features_SF, of } = surrogateOf(run);
    if (phase === "tune the router") {
      const value = throughSurrogate(g, features_SF, of);
      return { losses: [{ name: "expected loss", value }] };
    }
    const losses_S1 = g.segmentMeans(losses_T1, length);
    const value = surrogateError(g, { features_SF, losses_S1, of });
    return { losses: [{ name: "surrogate error", value }] };
  },
};
