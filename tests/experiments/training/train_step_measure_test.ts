/** Steps that are measured, compared and told, with a made-up profile: sums must agree. */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { modelPreset } from "../../../core/mod.ts";
import { guessedKernels } from "../../../kernels/mod.ts";
import {
  compareStep,
  memoryPair,
  partsPair,
  phases,
  stepSummaries,
} from "../../../experiments/training/train_step_compare.ts";
import { measureSteps, prepareStep } from "../../../experiments/training/train_step_measure.ts";
import { operatorPairs, stepRows } from "../../../experiments/training/train_step_rows.ts";
import { stepTables, stepVerdict } from "../../../experiments/training/train_step_words.ts";
import { withDevice } from "../../kernels/compare.ts";
import { exampleProfile } from "../routing/example_profile.ts";

const tiny = modelPreset("tiny");
const model = { ...tiny, dModel: 40, moe: { ...tiny.moe!, experts: 5, width: 24 } };
const step = { index: 0, model, sequences: 3, length: 20, inside: true };

Deno.test(
  "a step is measured launch by launch and compared part by part",
  withDevice(async (pool, device) => {
    const kernels = guessedKernels(device);
    const prepared = await prepareStep(device, step, { seed: 1, kernels });
    for (const rows of prepared.layerRows) {
      assertEquals(rows!.length, 5);
      assertEquals(rows!.reduce((a, b) => a + b), 3 * 20 * 2, "every token twice");
    }
    const [measured] = await measureSteps(pool, [prepared], {
      ...{ repeats: 3, profiling: { parts: [], take: () => {} } },
    });
    assertEquals(measured.timing.total.seconds.length, 3);
    assert(measured.loss > 4 && measured.loss < 8, `${measured.loss} nats of ${Math.log(256)}`);
    const up = measured.ops.forward.filter(({ name }) => name === "expert up");
    assertEquals(up.map(({ rows }) => rows), prepared.layerRows);

    const profile = {
      ...exampleProfile,
      ...{ gapSeconds: 1e-6, kernels: { gemm: "subgroup-32x1x8x4-texture" } },
    };
    const one = await compareStep(step, measured, profile);
    const all = partsPair(one, () => true)!;
    const gaps = one.pair.predicted.value - all.predicted.value;
    const ops = Object.values(measured.ops).flat();
    assertAlmostEquals(gaps / (1e-6 * ops.length), 1, 1e-6, "one gap an operator");
    assert(all.measured.value < one.pair.measured.value, "gaps are part of what was measured");
    const shares = phases.map((phase) =>
      partsPair(one, (part) => part.phase === phase)!.measured.value
    );
    assertAlmostEquals(shares.reduce((a, b) => a + b) / all.measured.value, 1, 1e-9);
    assertEquals(partsPair(one, ({ name }) => name === "nothing"), undefined);
    const { predicted, measured: held } = memoryPair(one);
    const mirrored = Object.values(kernels).some(({ source }) => source === "texture");
    if (mirrored) assertAlmostEquals(predicted.value / held.value, 1, 0.02);

    const rows = await stepRows([one]);
    for (const { id, columns = [] } of stepTables) {
      const mine = rows.filter(({ table }) => table === id);
      assert(mine.length > 0, `rows of ${id}`);
      for (const { labels, metrics } of mine) {
        assertEquals(columns.filter((c) => !(c in labels) && !(c in metrics)), [], id);
      }
    }
    const fractions = rows.filter(({ table }) => table === "operators")
      .reduce((sum, { metrics }) => sum + metrics.timeFraction.value, 0);
    assertAlmostEquals(fractions, all.measured.value / one.pair.measured.value, 1e-9);
    assertEquals(new Set(rows.map(({ id }) => id)).size, rows.length);
    const operators = await operatorPairs([one]);
    const added = operators.reduce((sum, pair) => sum + pair.predicted.value, 0);
    assertAlmostEquals(added / all.predicted.value, 1, 1e-9);
    const groups = stepSummaries([one]).map(({ group }) => group);
    assertEquals(groups, ["steps", ...phases, "steps, by one constant rate", "memory"]);
    assertMatch(stepVerdict([one.pair], [memoryPair(one)]), /^(Yes|Roughly|No): .* over 1 model;/);
  }),
);
