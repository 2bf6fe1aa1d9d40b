/** The checks of a layer against the oracles: what is right passes, what is wrong does not. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { moeLayerOracle, type MoeLayerWeights, moeLossGradients } from "../../../core/mod.ts";
import { checkLayer, type LayerResults } from "../../../experiments/routing/layer_check.ts";
import { layerInputs } from "../../../experiments/routing/layer_inputs.ts";
import { routerOracle, rowTimes } from "../../../kernels/mod.ts";

const shape = {
  dModel: 10,
  dExpert: 6,
  experts: 4,
  topK: 2,
  sharedExperts: 1,
  sharedWidth: 6,
};
const run = { tokens: 9, shape, skew: 0.5, seed: 5, name: "check" };
const inputs = layerInputs(run);

/** What the oracles themselves give. */
function exact(): LayerResults {
  const { x, dy, weights: w } = inputs;
  const tokens = Array.from({ length: run.tokens }, (_, t) => t);
  const chosen = tokens.map((row) => {
    const logits = rowTimes(x, w.router_DE, { row, k: shape.dModel, n: shape.experts }).values;
    return routerOracle(logits, { t: 1, e: shape.experts, k: shape.topK, renormalise: true });
  });
  const ids = Uint32Array.from(chosen.flatMap((c) => [...c.ids]));
  const weights = Float32Array.from(chosen.flatMap((c) => [...c.weights]));
  const routing = { ids, weights, topK: shape.topK };
  const y = Float32Array.from(moeLayerOracle(x, { shape, weights: w, routing, tokens }));
  const f64 = Object.fromEntries(
    Object.entries(w).map(([name, v]) => [name, Float64Array.from(v)]),
  ) as Record<keyof MoeLayerWeights, Float64Array>;
  const fixed = { shape, ids, renormalise: true, dy };
  const { x: dx, ...dw } = moeLossGradients({ ...f64, x: Float64Array.from(x) }, fixed);
  const f32 = Object.entries(dw).map(([name, v]) => [name, Float32Array.from(v)]);
  return { y, ids, weights, dx: Float32Array.from(dx), dw: Object.fromEntries(f32) };
}

Deno.test("what the oracles give passes", () => {
  const { outputError, gradientError, routingMisses, checked } = checkLayer(run, inputs, exact());
  assertAlmostEquals(outputError, 0, 1e-6);
  assertAlmostEquals(gradientError, 0, 1e-6);
  assertEquals([routingMisses, checked], [0, 6]);
});

Deno.test("an output, a gradient of the input or of weights that is off shows", () => {
  const spoilt = (spoil: (results: LayerResults) => void) => {
    const results = exact();
    spoil(results);
    return checkLayer(run, inputs, results);
  };
  assert(spoilt(({ y }) => y[0] += 1).outputError > 0.01);
  assert(spoilt(({ dx }) => dx[3] += 1).gradientError > 0.01);
  for (const name of ["up_E2DF", "down_EFD", "sharedUp_2DS", "sharedDown_SD"] as const) {
    const { gradientError } = spoilt(({ dw }) => dw[name].forEach((v, i) => dw[name][i] = 2 * v));
    assert(gradientError > 1e-3, `${name}: ${gradientError}`);
  }
  const { routingMisses } = spoilt(({ ids }) => [ids[0], ids[1]] = [ids[1] ^ 2, ids[0] ^ 2]);
  assertEquals(routingMisses, 1);
});
