/** The benchmark of training steps: the products are those of the step, and shares add up. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { flopsPerToken, lowerTrainingStep, type Model, modelPreset } from "../../../core/mod.ts";
import { flops } from "../../../kernels/base/op.ts";
import { guessedKernels, runParts } from "../../../kernels/mod.ts";
import { trainedModels } from "../../../experiments/bench/train_models.ts";
import { stepProducts } from "../../../experiments/bench/train_products.ts";
import { trainRows } from "../../../experiments/bench/train_rows.ts";
import { timeStep } from "../../../experiments/bench/train_time.ts";
import { withDevice } from "../../kernels/compare.ts";

const tiny = modelPreset("tiny");
const model: Model = { ...tiny, dModel: 24, moe: { ...tiny.moe!, experts: 4, width: 16 } };

Deno.test("both models cost a token as many FLOP, but for the router's", () => {
  const [experts, dense] = trainedModels.map(({ model, length }) =>
    flopsPerToken(model, { sequence: length })
  );
  assertEquals(experts.total - experts.router, dense.total);
  assertEquals(trainedModels.map(({ model }) => model.layers), [4, 4]);
});

Deno.test(
  "products alone are those of the step, each launched once",
  withDevice(async (pool, device) => {
    const kernels = guessedKernels(device);
    const products = stepProducts(pool, model, { tokens: 64, kernels });
    const ops = Object.values(lowerTrainingStep(model, 64)).flat();
    const counted = ops.filter(({ kind }) => kind.includes("gemm"));
    assertEquals(products.count, counted.length);
    assertEquals(products.flops, counted.reduce((sum, one) => sum + flops(one), 0));
    const [first, times] = await runParts(pool, [products.record, products.record]);
    assert(first.length > times.length, "rows are dealt to experts once");
    assertEquals(times.map(({ label }) => label), counted.map(({ name }) => name));
    pool.release(...products.operands());
  }),
);

Deno.test(
  "a step is split into phases and operators whose shares add up",
  withDevice(async (_, device) => {
    const trained = { id: "test", says: "a test", model, sequences: 2, length: 24 };
    const { signal } = new AbortController();
    const options = { kernels: guessedKernels(device), rounds: 2, signal };
    const timed = await timeStep(device, trained, options);
    assertEquals([timed.steps.length, timed.products.length], [2, 2]);
    const { rows, contest } = trainRows(trained, timed);
    assertEquals(new Set(rows.map(({ id }) => id)).size, rows.length);
    const of = (what: string, all: boolean) =>
      rows.filter(({ labels }) => labels.what === what && (labels.operator === "all") === all);
    for (const phase of ["forward", "backward", "update"]) {
      const [whole] = of(phase, true);
      const parts = of(phase, false);
      for (const round of [0, 1]) {
        const added = parts.reduce((sum, { samples }) => sum + samples[round], 0);
        assertAlmostEquals(added / whole.samples[round], 1, 1e-9, phase);
      }
    }
    const [step, alone] = rows;
    assertEquals(step.items, { name: "tokens", count: 48 });
    assertEquals([step.id, alone.id], [contest.ours, contest.theirs]);
    assertAlmostEquals(contest.samples[0], alone.samples[0] / step.samples[0], 1e-9);
    assert(contest.speed.value < 1, "a step takes longer than its products");
    assertEquals(contest.target, 0.6);
  }),
);
