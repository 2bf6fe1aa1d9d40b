import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { countExperts, measureLayers } from "../../../experiments/routing/layer_measure.ts";
import { parseVariant, uniformChoice } from "../../../kernels/mod.ts";
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
      const kernels = uniformChoice(parseVariant(word));
      const { layers: [measured] } = await measureLayers(pool, [run], { kernels, repeats: 2 });
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
    const kernels = uniformChoice(parseVariant(variant));
    const { layers: [other] } = await measureLayers(pool, [{ ...run, seed: 4 }], {
      kernels,
      repeats: 1,
    });
    assertNotEquals(other.digest, [...digests][0]);
  }),
);

Deno.test(
  "rounds off the machine's pace are repeated, and count only where too few are on it",
  withDevice(async (pool, device) => {
    const [word] = variants(device).map(variantName);
    const kernels = uniformChoice(parseVariant(word));
    const measure = (list: number[]) =>
      measureLayers(pool, [run], {
        kernels,
        repeats: 4,
        pace: () => Promise.resolve(list.length > 1 ? list.shift()! : list[0]),
      });
    const flapping = await measure([9, 1, 2, 1.1, 0.9, 1, 1]);
    assertEquals(flapping.paces, [1, 2, 1.1, 0.9, 1]);
    assertEquals(flapping.rounds, [0, 2, 3, 4]);
    assertEquals(flapping.layers[0].timing.total.seconds.length, 4);
    assertEquals(flapping.layers[0].samples.length, 5);
    const slow = await measure([2]);
    assertEquals(slow.rounds, slow.paces.map((_, round) => round));
    assertEquals(slow.paces.length, 7);
  }),
);
