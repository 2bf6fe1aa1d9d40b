import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { silentProgress } from "../../../experiments/cli_progress.ts";
import { placementExperiment } from "../../../experiments/placement/placement.ts";
import { judgeAffinity } from "../../../experiments/placement/affinity_table.ts";
import { drawChoices, halveCounts } from "../../../experiments/placement/synthetic_trace.ts";
import {
  madeUpTrace,
  recordedTrace,
  recordedTraces,
} from "../../../experiments/placement/traces.ts";
import { readSimulation } from "../../../experiments/simulate/inputs.ts";
import { valuesOf } from "../../../experiments/define.ts";
import { modelPreset } from "../../../core/spec/mod.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { inFolder } from "../world.ts";

const law = {
  ...{ layers: 3, experts: 16, topK: 2, tokens: 4000, skew: 1, drift: 0, affinity: 0.5, seed: 4 },
};

Deno.test("a made-up trace has its skew, its affinity and no expert twice", () => {
  const ids_LN = drawChoices(law);
  for (const ids_N of ids_LN) {
    for (let i = 0; i < ids_N.length; i += 2) assert(ids_N[i] !== ids_N[i + 1]);
  }
  const [first] = ids_LN;
  const counts_E = new Array<number>(16).fill(0);
  for (const expert of first.filter((_, i) => i % 2 === 0)) counts_E[expert]++;
  const harmonic = Array.from({ length: 16 }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b, 0);
  assertAlmostEquals(Math.max(...counts_E) / 4000, 1 / harmonic, 0.03);
  // The first choice of a token follows half of the time, and else by chance.
  const next = new Map<number, Map<number, number>>();
  for (let i = 0; i < first.length; i += 2) {
    const row = next.get(first[i]) ?? new Map<number, number>();
    next.set(first[i], row.set(ids_LN[1][i], (row.get(ids_LN[1][i]) ?? 0) + 1));
  }
  const followed = [...next.values()].reduce((sum, row) => sum + Math.max(...row.values()), 0);
  assert(followed / 4000 > 0.5 && followed / 4000 < 0.75, `${followed / 4000}`);
  assertEquals(drawChoices(law), ids_LN);
  assertThrows(() => drawChoices({ ...law, affinity: 2 }), TypeError, "affinity from 0 to 1");
});

Deno.test("halves of counts add up, and differ by chance alone", () => {
  const counts_LE = [[1000, 0, 31, 500]];
  const { first, second } = halveCounts(counts_LE, 9);
  counts_LE[0].forEach((count, e) => {
    assertEquals(first.counts_LE[0][e] + second.counts_LE[0][e], count);
    assert(Math.abs(first.counts_LE[0][e] - count / 2) <= 2.5 * Math.sqrt(count));
  });
  assertEquals(halveCounts(counts_LE, 9), { first, second });
});

const olmoe = sizesOf(modelPreset("olmoe"));

Deno.test("traces that ship fit a model of 64 experts; others are refused", async () => {
  for (const name of Object.keys(recordedTraces)) {
    const { counts_LE } = await recordedTrace(name, olmoe);
    assertEquals(counts_LE!.map(({ length }) => length), [64, 64, 64, 64]);
  }
  await assertRejects(
    () => recordedTrace("mixtral", sizesOf(modelPreset("mixtral-8x7b"))),
    TypeError,
    "choices of 8 experts by layer",
  );
  await assertRejects(
    () => recordedTrace("nothing", olmoe),
    TypeError,
    "wanted mixtral, loss-free",
  );
});

Deno.test("affinity saves hops on tokens that it has not seen, and keeps loads in hand", () => {
  const moe = { ...olmoe.moe!, topK: 1 };
  const settings = { tokens: 20000, layers: 4, drift: 0, affinity: 0.8 };
  const trace = madeUpTrace(0.4, { ...olmoe, moe }, settings);
  const judged = judgeAffinity(trace, { ranks: 8, perNode: 4, seeds: [1] });
  const [blocks, swaps, near, alone] = judged.map(({ figures: [one] }) => one);
  assertEquals(judged.length, 4);
  assert(near.hops < 0.5 * blocks.hops && alone.hops <= near.hops + 0.02);
  assert(near.busiestOverMean < 1.2 * swaps.busiestOverMean);
});

Deno.test("the experiment judges placements by what they have not seen", () =>
  inFolder(async (folder) => {
    const parameters = {
      ...valuesOf(placementExperiment, { quick: true }),
      ...{ cluster: "h100:8", plan: "ep=8,zero=1", skews: [0.8], tokens: 2000, layers: 2 },
      ...{ traces: ["mixtral"], redundant: [1], seeds: 1, certified: 1, seconds: 1 },
    };
    const outcome = await placementExperiment.run({
      ...{ seed: 1, quick: true, parameters, progress: silentProgress(), out: folder },
      ...{ signal: new AbortController().signal, log: () => {} },
    });
    const of = (placement: string) =>
      outcome.rows.find(({ labels }) =>
        labels.trace === "skew 0.8" && labels.placement === placement
      )!.metrics;
    const [blocks, swaps, more] = ["contiguous", "swaps", "swaps, 1 redundant a rank"].map(of);
    assert(swaps.stepSeconds.value < blocks.stepSeconds.value);
    assert(more.busiestOverMean.value < swaps.busiestOverMean.value);
    assert(more.peakBytes.value > 0 && blocks.savedFraction.value === 0);
    // What a placement was made by flatters it.
    assert(more.ownBusiestOverMean.value < more.busiestOverMean.value);
    assertEquals(outcome.checks.map(({ passed }) => passed), [true, true]);
    assertEquals(new Set(outcome.rows.map(({ table }) => table)).size, 3);
    assertEquals(outcome.bars![0].bars.length, 7);
    const placement = `${folder}/placements/mixtral.json`;
    const { workload } = await readSimulation({
      ...{ model: "olmoe", cluster: "h100:8", plan: "ep=8,zero=1", routing: "balanced" },
      ...{ sequence: 4096, stack: "base", graphs: "none", seed: 1, placement },
    });
    assertEquals(workload.placement?.kind, "slots");
  }));
