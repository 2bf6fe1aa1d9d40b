/** A walk over all that is measured, at a tiny size: what is there, what adds up, what is refused. */
import { assert, assertAlmostEquals, assertEquals, assertGreater, assertThrows } from "@std/assert";
import {
  allClusterSteps,
  bamCostExperiment,
  costOutcome,
} from "../../../../experiments/bam/cost/bam_cost.ts";
import {
  checkCostValues,
  costParameters,
  type CostValues,
} from "../../../../experiments/bam/cost/cost_parameters.ts";
import {
  costDecision,
  type CostFigures,
  costVerdict,
} from "../../../../experiments/bam/cost/cost_words.ts";
import { formulaRows } from "../../../../experiments/bam/cost/formulas.ts";
import { measureGenerations } from "../../../../experiments/bam/cost/generation.ts";
import { latencyFigures, latencyRows } from "../../../../experiments/bam/cost/latency_tables.ts";
import { pairedRatio } from "../../../../experiments/bam/cost/ratios.ts";
import { againstFlops, stepFigures } from "../../../../experiments/bam/cost/step_figures.ts";
import { measureVariants, partOf } from "../../../../experiments/bam/cost/steps.ts";
import { variantModel, variants } from "../../../../experiments/bam/cost/variants.ts";
import type { Model } from "../../../../core/spec/mod.ts";
import { valuesOf } from "../../../../experiments/define.ts";
import { UserError } from "../../../../kernels/base/errors.ts";
import { choiceWords, createPool, guessedKernels, openDevice } from "../../../../kernels/mod.ts";
import { deviceProfile } from "../../../../sim/mod.ts";

const valuesIn = (quick: boolean) =>
  valuesOf(bamCostExperiment, { quick }) as unknown as CostValues;

const values: CostValues = { ...valuesIn(true), prompt: 6, generated: 3, clusters: ["h100:32"] };

const sizes = { layers: 1, dModel: 64, heads: 8, width: 128, vocab: 64 };
const dense = variantModel(variants[0], sizes);
const models = variants.map((variant) => ({ variant, model: variantModel(variant, sizes) }));

async function measureAll() {
  const device = await openDevice();
  const pool = createPool(device);
  const batch = { sequences: 1, length: 16 };
  const steps = await measureVariants(device, models, {
    ...{ ...batch, seed: 1, kernels: guessedKernels(device), repeats: 2, pool },
    profiling: { parts: [], take: () => {} },
  });
  const odd = {
    variant: { id: "odd", name: "A gated output" },
    model: { ...dense, attention: { ...dense.attention, outputGate: true } as Model["attention"] },
  };
  const generations = await measureGenerations(device, [...models, odd], {
    ...{ prompt: values.prompt, generated: values.generated, seed: 1, rounds: 2 },
  });
  const profile = { ...deviceProfile("h100"), kernels: choiceWords(guessedKernels(device)) };
  device.close();
  return { batch, steps, generations, profile };
}

Deno.test("all variants train and generate, and become one report", async (t) => {
  const { batch, steps, generations, profile } = await measureAll();
  const figures = {
    steps: await stepFigures(steps, { profile, batch }),
    latency: latencyFigures(generations),
    clusters: allClusterSteps(values),
    formulas: formulaRows(),
  };

  await t.step("a step's launches are told apart without a rest", () => {
    for (const { variant, stepSeconds, forwardSeconds, total, phases, parts } of steps) {
      assertEquals([stepSeconds.length, forwardSeconds.length], [6, 6], variant.id);
      const sum = (of: Record<string, number>) => Object.values(of).reduce((a, b) => a + b, 0);
      assertAlmostEquals(sum(parts), sum(phases), 1e-9, variant.id);
      assert(sum(parts) <= total.value + 1e-9, variant.id);
      for (const seconds of [...Object.values(parts), ...Object.values(phases)]) {
        assertGreater(seconds, 0, variant.id);
      }
      stepSeconds.forEach((whole, i) => assertGreater(whole, forwardSeconds[i]));
    }
  });

  await t.step("FLOP and memory grow as the description says", () => {
    const of = (id: string) => figures.steps.find(({ variant }) => variant.id === id)!;
    const [soft, one] = [of("bam-shared-kv"), of("bam-top-1")];
    assertEquals(soft.ranRatio, one.ranRatio);
    assertGreater(soft.flopsRatio, one.flopsRatio);
    assertGreater(of("bam-expert-kv").flopsRatio, soft.flopsRatio);
    assertEquals([of("btx-4").flopsRatio, of("btx-4").stepRatio.value], [1, 1]);
    const state = ["seed", "btx-4", "bam-shared-kv", "bam-expert-kv"].map((id) =>
      of(id).heldBytes.state
    );
    assertEquals(state, state.toSorted((a, b) => a - b));
    assertEquals(new Set(state).size, 4);
  });

  await t.step("generation: a figure a round, and a refusal in words", async () => {
    assertEquals(generations.measured.map(({ variant }) => variant.id), variants.map((v) => v.id));
    for (const one of generations.measured) {
      assertEquals(one.promptSeconds.length, 2);
      assert(Number.isFinite(one.largestLogit) && one.largestLogit > 0, one.variant.id);
      one.workSeconds.forEach((work, i) =>
        assert(work < one.promptSeconds[i] + one.tokenSeconds[i], one.variant.id)
      );
    }
    assertEquals(generations.refused.map(({ variant }) => variant.id), ["odd"]);
    const rows = await latencyRows(figures.latency, generations);
    assert(rows.at(-1)!.infeasible?.includes("found some as attention.outputGate"));
  });

  await t.step("the report has a row of each, under ids of their own", async () => {
    const outcome = await costOutcome(figures, { generations, values });
    const ids = outcome.rows.map(({ id }) => id);
    assertEquals(new Set(ids).size, ids.length);
    for (const { id } of outcome.tables) {
      assert(outcome.rows.some(({ table }) => table === id), id);
    }
    assertEquals(outcome.checks.filter(({ passed }) => !passed), []);
    assert(outcome.verdict.includes("where FLOP say"), outcome.verdict);
    assert(outcome.decision.includes("At equal parameters"), outcome.decision);
  });
});

Deno.test("ratios are of rounds, and FLOP are held against their interval", () => {
  const ratio = pairedRatio([2, 9, 4], [1, 3, 2]);
  assertEquals([ratio.value, ratio.lo, ratio.hi, ratio.n], [2, 2, 3, 3]);
  assertThrows(() => pairedRatio([1], [1, 2]), RangeError, "ratios of 1 rounds and 2");
  const figures = (flopsRatio: number) =>
    againstFlops({ stepRatio: ratio, flopsRatio } as Parameters<typeof againstFlops>[0]);
  assertEquals([1.9, 2.5, 3.1].map(figures), ["slower", "as said", "faster"]);
});

Deno.test("where a round of BTX was all waits there is no ratio without them", () => {
  const measured = ["btx-4", "bam-expert-kv", "bam-shared-kv"].map((id) => ({
    ...{ variant: variants.find((one) => one.id === id)!, model: dense, stateBytes: 1 },
    ...{ promptSeconds: [1, 1], tokenSeconds: [1, 1], largestLogit: 1 },
    workSeconds: id === "btx-4" ? [0, 1] : [1, 1],
  }));
  const latency = latencyFigures({ measured, refused: [] });
  assertEquals(latency.map(({ ratio, workRatio }) => [ratio.value, workRatio]), [
    ...[[1, undefined], [1, undefined], [1, undefined]],
  ]);
  const ratio = pairedRatio([1], [1]);
  const steps = variants.map((variant) => ({ variant, stepRatio: ratio, flopsRatio: 1 }));
  const said = costVerdict({ steps, latency } as unknown as CostFigures);
  assert(said.includes("times as long, most of it waits of the host. The work has"), said);
});

Deno.test("what routing attention brings is said with whether intervals are apart", () => {
  const steps = (one: number[]) =>
    variants.map((variant) => ({
      ...{ variant, flopsRatio: 1 },
      stepRatio: pairedRatio(variant.id === "bam-top-1" ? one : [4, 5], [1, 1]),
    }));
  const said = (one: number[]) =>
    costDecision({ steps: steps(one), clusters: [] } as unknown as CostFigures);
  assert(said([1, 2]).includes("soft 4.5 (4 to 5), intervals apart: this suite"), said([1, 2]));
  assert(said([4, 5]).includes("soft 4.5 (4 to 5), intervals that overlap: this suite"));
});

Deno.test("launches are told apart by their labels", () => {
  const labels = ["attention router dw", "weigh heads", "expert up dx", "adamw", "head dx", "clip"];
  assertEquals(labels.map(partOf), [
    ...["attention", "attention", "networks", "update", "tables and loss", "update"] as const,
  ]);
});

Deno.test("values that are none are refused in a line", () => {
  const wrong = (change: Partial<CostValues>, says: string) =>
    assertThrows(() => checkCostValues({ ...values, ...change }), UserError, says);
  wrong({ layers: 0 }, "Cannot run bam-cost with layers=0: wanted a whole number from 1");
  wrong({ prompt: 1.5 }, "prompt=1.5");
  wrong({ dModel: 100 }, "models of width 100 in 6 heads: wanted heads of a multiple of 8");
  wrong({ clusters: [] }, "no clusters");
  for (const quick of [true, false]) checkCostValues(valuesIn(quick));
  assertEquals(Object.keys(costParameters).length, 16);
});
