import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { countExperts, measureLayers } from "../../../experiments/routing/layer_measure.ts";
import { parseChoice } from "../../../kernels/mod.ts";
import { variantName } from "../../../kernels/gemm/variant.ts";
import { variants, withDevice } from "../../kernels/compare.ts";

const run = {
  tokens: 70,
  shape: { dModel: 40, dExpert: 24, experts: 6, topK: 2, sharedExperts: 1, sharedWidth: 24 },
  skew: 1,
  seed: 3,
  name: "test",
};

Deno.test(
  "a run with one seed gives the same routing and outputs, whatever kernels were tuned",
  withDevice(async (pool, device) => {
    const digests = new Set<string>();
    for (const variant of variants(device)) {
      const word = variantName(variant);
      const kernels = parseChoice({ gemm: word, gemmSwiglu: word, grouped: word });
      const [measured] = await measureLayers(pool, [run], { kernels, repeats: 2 });
      digests.add(measured.digest);
      assert(measured.outputError <= 1e-4, `error ${measured.outputError}`);
      assertEquals([measured.routingMisses, measured.rows.length], [0, 6]);
      assertEquals(measured.rows.reduce((a, b) => a + b), run.tokens * run.shape.topK);
      assertEquals(measured.rows, countExperts(measured.ids, 6));
      assert(measured.rows[0] > measured.rows[5], "the skew favours the first expert");
      assertEquals(measured.timing.total.seconds.length, 2);
    }
    assertEquals(digests.size, 1);
    const [variant] = variants(device).map(variantName);
    const kernels = parseChoice({ gemm: variant, gemmSwiglu: variant, grouped: variant });
    const [other] = await measureLayers(pool, [{ ...run, seed: 4 }], { kernels, repeats: 1 });
    assertNotEquals(other.digest, [...digests][0]);
  }),
);
