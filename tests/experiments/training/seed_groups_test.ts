import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  differenceOf,
  groupSeeds,
  lossOf,
  perplexityOf,
  routerMetrics,
} from "../../../experiments/training/seed_groups.ts";
import { evenLayer, madeUp, madeUpGroup, madeUpRun } from "./made_up.ts";

Deno.test("one seed has the interval of its held-out sequences, several that of their means", () => {
  const one = lossOf(madeUpGroup("switch", [1, 2, 3]));
  assertEquals([one.value, one.n], [2, 3]);
  // Student's t of 2 degrees: 4.303 standard errors of 1 / sqrt(3).
  assertAlmostEquals(one.hi - one.value, 4.3027 / Math.sqrt(3), 1e-3);
  assert(one.method.startsWith("one seed: mean over held-out sequences"));
  const [several] = groupSeeds(
    [1, 2].map((seed) => madeUp("switch", [seed, seed + 2], { run: { seed } })),
  );
  const both = lossOf(several);
  assertEquals([both.value, both.n], [2.5, 2]);
  assert(both.method.startsWith("mean over seeds"));
});

Deno.test("perplexity is exp of the loss and of both ends", () => {
  const group = madeUpGroup("switch", [1, 2, 3]);
  const [loss, perplexity] = [lossOf(group), perplexityOf(group)];
  for (const key of ["value", "lo", "hi"] as const) {
    assertAlmostEquals(perplexity[key], Math.exp(loss[key]), 1e-12);
  }
});

Deno.test("a difference to a control forgets what sequences do to both", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1, max: 9, noNaN: true }), { minLength: 3, maxLength: 12 }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      (losses, shift) => {
        const control = madeUpGroup("mixtral", losses);
        const moved = madeUpGroup("switch", losses.map((loss) => loss + shift));
        const { value, lo, hi } = differenceOf(moved, control);
        assertAlmostEquals(value, shift, 1e-9);
        assertAlmostEquals(hi - lo, 0, 1e-9);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("a seed that was refused takes the whole group with it", () => {
  const refused = { run: madeUpRun("switch", { seed: 2 }), outcome: { refused: "too wide" } };
  const [group] = groupSeeds([madeUp("switch", [1, 2]), refused]);
  assertEquals([group.figures.length, group.refused], [0, "too wide"]);
});

Deno.test("figures of layers by hand", () => {
  const skewed = {
    ...evenLayer,
    wanted_E: [128, 0, 0, 0],
    kept_E: [32, 0, 0, 0],
    byTag_GE: [64, 0, 0, 0, 64, 0, 0, 0],
    entropy: 0,
  };
  const group = madeUpGroup("switch", [1, 2], { figures: { layers: [evenLayer, skewed] } });
  const metrics = routerMetrics(group);
  const { busiestOverMean, droppedFraction, specialisationFraction, expertsPerToken } = metrics;
  assertEquals(
    [busiestOverMean.lo, busiestOverMean.value, busiestOverMean.hi, busiestOverMean.n],
    [1, 2.5, 4, 2],
  );
  assertEquals([droppedFraction.lo, droppedFraction.hi], [0, 0.75]);
  assertEquals(specialisationFraction.hi, 0);
  assertEquals([expertsPerToken.lo, expertsPerToken.hi], [0.5, 2]);
  assertEquals([metrics.routerEntropyFraction.lo, metrics.routerEntropyFraction.hi], [0, 1]);
  assertEquals(metrics.peakBytes.value, 1500);
  assertEquals(metrics.stepSeconds.value, 0.011);
});

Deno.test("specialisation is whole where each domain has experts of its own", () => {
  const split = { ...evenLayer, byTag_GE: [32, 32, 0, 0, 0, 0, 32, 32] };
  const group = madeUpGroup("switch", [1, 2], { figures: { layers: [split] } });
  assertAlmostEquals(routerMetrics(group).specialisationFraction.value, 1, 1e-12);
});

Deno.test("a layer that chooses nothing has no loads, and no number stands for them", () => {
  const soft = {
    ...evenLayer,
    wanted_E: [0, 0, 0, 0],
    kept_E: [0, 0, 0, 0],
    byTag_GE: Array(8).fill(0),
  };
  const metrics = routerMetrics(madeUpGroup("switch", [1, 2], { figures: { layers: [soft] } }));
  for (const key of ["busiestOverMean", "droppedFraction", "specialisationFraction"]) {
    assertEquals(metrics[key], undefined, key);
  }
  const dense = routerMetrics(madeUpGroup("switch", [1, 2], { figures: { layers: [] } }));
  assertEquals(Object.keys(dense), ["stepSeconds", "peakBytes"]);
});
