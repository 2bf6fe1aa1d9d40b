import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { silentProgress } from "../../../experiments/cli_progress.ts";
import { runExperiment } from "../../../experiments/run.ts";
import { errorMetrics, errorRows } from "../../../experiments/simulate/published/error_rows.ts";
import { publishedExperiment } from "../../../experiments/simulate/published/published.ts";
import { fitErrors } from "../../../experiments/simulate/left_out.ts";
import { knownErrors, sourceOfStack } from "../../../experiments/simulate/known_errors.ts";
import { renderReport } from "../../../reports/report.ts";
import { validateResult } from "../../../reports/validate.ts";
import { modelPreset } from "../../../core/spec/mod.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { stackPresets } from "../../../sim/stack/stacks.ts";

const { result } = await runExperiment(publishedExperiment, {
  seed: 1,
  quick: true,
  parameters: {},
  progress: silentProgress(),
  signal: new AbortController().signal,
  log: () => {},
  out: ".moelab",
}, {
  host: { commit: "unknown", versions: {}, os: "", cpu: "", lockHash: "" },
  startedAt: "2026-01-02T03:04:05Z",
  seconds: () => 0,
  command: "",
});
const errors = await fitErrors();

const rowsOf = (table: string) => result.rows.filter((row) => row.table === table);
const metric = (id: string, name: string) =>
  result.rows.find((row) => row.id === id)!.metrics[name].value;

Deno.test("the result is one that a report shows, whole and within its limits", () => {
  validateResult(JSON.parse(JSON.stringify(result)), "result.json");
  const page = renderReport(result);
  assert(page.length < 1.5e6, `${page.length}`);
  assert(page.includes("Signed errors by source") && page.includes('class="ranges"'));
  assertEquals(result.checks.map(({ passed }) => passed), [true]);
});

Deno.test("every table has rows, and every row its table", () => {
  for (const { id } of result.tables) assert(rowsOf(id).length > 0, id);
});

Deno.test("the pairs are the rows that the errors on file are of", () => {
  const { rows, median } = errors.report.fitted.all;
  assertEquals(result.pairs.length, rows);
  const off = result.pairs.map((p) => Math.abs(p.predicted.value / p.measured.value - 1)).sort((
    a,
    b,
  ) => a - b);
  assertAlmostEquals(off[off.length >> 1], median, 0.002);
  assertEquals(metric("by-source-vtrain", "rowsCount"), errors.report.fitted.sources.vtrain.rows);
});

Deno.test("what the simulator has to beat, it beats", () => {
  const { modelLeftOut, constantRate } = errors.report;
  assert(modelLeftOut.all.median < constantRate.all.median / 2);
  for (const set of ["dense", "vtrain", "a100-sweep", "moe"] as const) {
    assert(modelLeftOut.sets[set].median < constantRate.sets[set].median, set);
  }
  const mean = (name: string) => metric(`peer-${name}`, "meanErrorFraction");
  assert(mean("this, model left out") < mean("SimuMax"));
});

Deno.test("tables hold the goals of memory, ranks and exchanges", () => {
  assert(metric("memory-all", "rightFraction") > 0.9);
  assert(metric("peaks-megatron-core-simumax", "medianErrorFraction") < 0.03);
  for (const seen of ["fitted", "model-left-out"]) {
    assert(metric(`ranks-${seen}-all`, "sweepsCount") >= 100);
    assert(metric(`ranks-${seen}-all`, "goodChoicesFraction") >= 0.9);
    assert(metric(`ranks-${seen}-all`, "meanKendallTau") >= 0.7);
  }
  assert(metric("exchanges-h100", "medianErrorFraction") < 0.2);
  assertEquals(rowsOf("worst").length, 25);
  const sizes = rowsOf("worst").map(({ metrics }) =>
    Math.abs(Math.log(metrics.predictedSeconds.value / metrics.publishedSeconds.value))
  );
  assertEquals(sizes, [...sizes].sort((a, b) => b - a));
});

Deno.test("errors of a group: median size, bias and where eight in ten lie", () => {
  const logs = [-0.2, -0.1, 0, 0.1, 0.3];
  const metrics = errorMetrics(logs.map((logError) => ({ logError })));
  assertAlmostEquals(metrics.biasFraction.value, 0, 1e-12);
  assertAlmostEquals(metrics.medianErrorFraction.value, Math.expm1(0.1), 1e-12);
  assert(metrics.lowErrorFraction.value < -0.1 && metrics.highErrorFraction.value > 0.1);
  const rows = errorRows("t", [..."aab"].map((group) => ({ group, logError: 0 })), { label: "g" });
  assertEquals(rows.map(({ labels, metrics: m }) => [labels.g, m.rowsCount.value]), [
    ["a", 2],
    ["b", 1],
  ]);
});

Deno.test("a stack's interval is that of its source, else of what is most like it", () => {
  assertEquals(sourceOfStack("megatron-bridge-26.04"), "megatron-bridge");
  assertEquals(sourceOfStack("megatron-core-mpfold"), "mpfold");
  const known = knownErrors(stackPresets["megatron-core-mpfold"], errors, {});
  assertEquals(known.factor, 1 + errors.report.modelLeftOut.sources.mpfold.p90);
  // One row says nothing of nine in ten: all rows of models with experts, or without, are asked.
  const { sources, sets } = errors.report.modelLeftOut;
  assertEquals([sources.deepseek.rows, sources["megatron-2020"].rows], [1, 4]);
  const { moe } = sizesOf(modelPreset("deepseek-v3"));
  const hai = knownErrors(stackPresets["deepseek-hai"], errors, { moe });
  assertEquals([hai.factor, sets.moe.rows > 100], [1 + sets.moe.p90, true]);
  const dense = knownErrors(stackPresets["megatron-2020"], errors, {});
  assertEquals(dense.factor, 1 + sets.dense.p90);
  assertEquals(knownErrors(baseStack, errors, {}).factor, 1 + errors.report.sourceLeftOut.all.p90);
  const own = { ...baseStack, id: "own", sources: ["Calibrated on 5 measured steps."] };
  assertEquals(knownErrors(own, errors, {}).factor, 1 + errors.report.fewRows.all.p90);
});
