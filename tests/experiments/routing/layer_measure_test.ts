import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { countExperts, layerInputs } from "../../../experiments/routing/layer_inputs.ts";
import { measureLayers } from "../../../experiments/routing/layer_measure.ts";
import { passes } from "../../../experiments/routing/layer_passes.ts";
import { routeLayer } from "../../../experiments/routing/layer_route.ts";
import { lowerMoeLayer, lowerMoeLayerBackward, type MoeLayerShape } from "../../../core/mod.ts";
import { parseVariant, startProfiling, uniformChoice } from "../../../kernels/mod.ts";
import { variantName } from "../../../kernels/gemm/variant.ts";
import { variants, withDevice } from "../../kernels/compare.ts";

const shape: MoeLayerShape = {
  dModel: 40,
  dExpert: 24,
  experts: 6,
  topK: 2,
  sharedExperts: 1,
  sharedWidth: 24,
};
const run = { tokens: 70, shape, skew: 1, seed: 3, name: "test" };
/** Profiles nothing. */
const profiling = { parts: [], take: () => {} };

Deno.test(
  "a run with one seed gives the same routing and outputs, whatever kernels were tuned",
  withDevice(async (pool, device) => {
    const digests = new Set<string>();
    for (const variant of variants(device)) {
      const kernels = uniformChoice(parseVariant(variantName(variant)));
      const options = { kernels, repeats: 2, profiling };
      const [measured] = await measureLayers(pool, [run], options);
      digests.add(measured.digest);
      assert(measured.outputError <= 1e-4, `error ${measured.outputError}`);
      assert(measured.gradientError <= 1e-4, `error ${measured.gradientError}`);
      assertEquals([measured.routingMisses, measured.rows.length], [0, 6]);
      assertEquals(measured.rows.reduce((a, b) => a + b), run.tokens * shape.topK);
      assertEquals(measured.rows, countExperts(measured.ids, 6));
      assert(measured.rows[0] > measured.rows[5], "the skew favours the first expert");
      assertEquals(await routeLayer(pool, run, kernels), measured.ids);
      assertEquals(pool.bytes().live, 0, "what is released was all there was");
    }
    assertEquals(digests.size, 1);
    const [variant] = variants(device).map(variantName);
    const kernels = uniformChoice(parseVariant(variant));
    const other = { ...run, seed: 4 };
    const [measured] = await measureLayers(pool, [other], { kernels, repeats: 1, profiling });
    assertNotEquals(measured.digest, [...digests][0]);
  }),
);

Deno.test(
  "both passes are measured launch by launch, under the names that they lower to",
  withDevice(async (pool, device) => {
    const kernels = uniformChoice(variants(device)[0]);
    const shares: number[] = [];
    const [measured] = await measureLayers(pool, [run], {
      ...{ kernels, repeats: 3, profiling, done: (share: number) => shares.push(share) },
    });
    const lowered = { forward: lowerMoeLayer, backward: lowerMoeLayerBackward };
    for (const pass of passes) {
      const { timing, total, byOperator } = measured.passes[pass];
      const names = lowered[pass](shape, run.tokens).map((op) => op.name!);
      assertEquals(Object.keys(byOperator).toSorted(), names.toSorted(), pass);
      assertEquals(timing.total.seconds.length, 3);
      const busy = Object.values(byOperator).reduce((sum, { value }) => sum + value, 0);
      assert(busy <= total.value && total.value < 1, `${busy} of ${total.value} s`);
      assert(total.lo <= total.value && total.value <= total.hi);
      assert(total.value <= Math.max(...timing.total.seconds));
    }
    assertAlmostEquals(shares[shares.length - 1], 1);
    assertEquals(shares, shares.toSorted((a, b) => a - b));
  }),
);

Deno.test(
  "a profile is measured in the same rounds, between the layers",
  withDevice(async (pool, device) => {
    const kernels = uniformChoice(variants(device)[0]);
    const profile = startProfiling(pool, { kernels, kinds: ["reduce", "rope"] });
    const runs = [run, { ...run, name: "another" }];
    const layers = await measureLayers(pool, runs, { kernels, repeats: 2, profiling: profile });
    assertEquals([profile.rounds(), layers.length], [2, 2]);
    assertNotEquals(layers[0].digest, layers[1].digest);
    for (const { seconds } of Object.values(profile.curves())) {
      seconds.forEach((s) => assert(s > 1e-6 && s < 1, `${s} s`));
    }
    profile.release();
    assertEquals(pool.bytes().live, 0);
  }),
);

Deno.test("inputs are seeded, of unit scale, and skewed through a column of ones", () => {
  const { x, dy, weights } = layerInputs(run);
  assertEquals(layerInputs(run), { x, dy, weights });
  assertNotEquals(layerInputs({ ...run, seed: 4 }).weights.up_E2DF, weights.up_E2DF);
  assertNotEquals(layerInputs({ ...run, name: "another" }).x, x);
  assertEquals([x.length, dy.length], [70 * 40, 70 * 40]);
  assertEquals(weights.up_E2DF.length, 6 * 2 * 40 * 24);
  const variance = (v: Float32Array) => v.reduce((sum, a) => sum + a * a, 0) / v.length;
  assertAlmostEquals(variance(dy), 1, 0.1);
  assertAlmostEquals(variance(weights.down_EFD), 1 / 24, 0.1 / 24);
  assertEquals(x[40], 1);
  assertAlmostEquals(weights.router_DE[5], -Math.log(6), 1e-6);
});
