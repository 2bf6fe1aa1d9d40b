import { assert, assertEquals, assertRejects } from "@std/assert";
import { silentProgress } from "../../../experiments/cli_progress.ts";
import { scalingExperiment } from "../../../experiments/scaling/scaling.ts";
import { runExperiment } from "../../../experiments/run.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { renderReport } from "../../../reports/report.ts";
import { validateResult } from "../../../reports/validate.ts";
import { contextOf, smallValues } from "./held.ts";

const surroundings = {
  host: { commit: "unknown", versions: {}, os: "", cpu: "", lockHash: "" },
  startedAt: "2026-01-02T03:04:05Z",
  seconds: () => 0,
  command: "",
};

async function run(changes: Parameters<typeof contextOf>[1] = {}, values = smallValues()) {
  const context = contextOf(values, changes);
  const { result, written } = await runExperiment(scalingExperiment, context, surroundings);
  await written();
  return result;
}

const result = await run();

const rowsOf = (table: string) => result.rows.filter((row) => row.table === table);

Deno.test("the result is one that a report shows, and its checks hold", () => {
  validateResult(JSON.parse(JSON.stringify(result)), "result.json");
  const page = renderReport(result);
  assert(page.includes("Strong scaling") && page.includes("Uneven routing"));
  assertEquals(result.checks.map(({ passed }) => passed), [true, true, true]);
  for (const { id } of result.tables) assert(rowsOf(id).length > 0, id);
  const { sections } = result;
  assertEquals(sections, [...new Set(sections)]);
  assertEquals([sections![0], sections!.at(-1)], ["efficiency", "results"]);
});

Deno.test("every figure is simulated and every step has its interval", () => {
  assert(result.rows.every(({ kind }) => kind === "simulated"));
  for (const { metrics: { stepSeconds } } of rowsOf("strong")) {
    assert(stepSeconds.lo < stepSeconds.value && stepSeconds.value < stepSeconds.hi);
    assert(stepSeconds.method.includes("nine in ten"));
  }
});

Deno.test("tokens, devices and steps of a row fit together", () => {
  for (const { labels, metrics } of rowsOf("strong")) {
    const tokens = Number(labels.sequences) * 4096;
    const each = tokens / metrics.stepSeconds.value / Number(labels.devices);
    assert(Math.abs(metrics.deviceTokensPerSecond.value / each - 1) < 1e-9);
  }
  const [first] = rowsOf("strong");
  assertEquals(first.metrics.efficiencyFraction.value, 1);
});

Deno.test("curves and tables say the same", () => {
  const curve = result.lines!.find(({ id }) => id === "efficiency")!.series[0];
  assertEquals(
    curve.points.map(({ x, y }) => [x, y]),
    rowsOf("strong").map(({ labels, metrics }) => [
      labels.devices,
      metrics.efficiencyFraction.value,
    ]),
  );
  const bars = result.bars!.find(({ id }) => id.startsWith("strong-parts"))!.bars;
  rowsOf("strong").forEach(({ metrics }, i) => {
    const seconds = bars[i].parts.reduce((sum, { value }) => sum + value, 0);
    assert(Math.abs(seconds * metrics.deviceTokensPerSecond.value - 1) < 1e-9);
  });
});

Deno.test("plans are in words that can be read", () => {
  for (const { labels } of rowsOf("plans")) {
    assertEquals(parsePlan(String(labels.plan)).globalBatch, labels.sequences);
  }
});

Deno.test("the same seed gives the same bytes, with no sweep a line still", async () => {
  const values = smallValues({ sweeps: ["strong", "skew"] });
  const [one, other] = [await run({}, values), await run({}, values)];
  assertEquals(JSON.stringify(one), JSON.stringify(other));
  assertEquals(one.tables.map(({ id }) => id), ["strong", "skew", "skew-plans", "plans"]);
  const skew = await run({}, smallValues({ sweeps: ["skew"] }));
  assertEquals(skew.verdict, "No sweep over sizes was asked for.");
  assert(skew.decision.includes("uneven routing with exponent 1"));
  validateResult(JSON.parse(JSON.stringify(skew)), "result.json");
});

Deno.test("a dense model has no uneven routing and no shapes of experts", async () => {
  const values = smallValues({ models: ["llama-3-8b"], sweeps: ["strong", "experts", "skew"] });
  const { tables, verdict } = await run({}, values);
  assertEquals(tables.map(({ id }) => id).includes("skew"), false);
  assert(verdict.startsWith("llama-3-8b on h100: with 128 sequences a step at every size"));
});

Deno.test("a stopped run writes nothing and is gone on with", async () => {
  // No other test asks for this batch: what is kept is kept by content.
  const values = smallValues({ sweeps: ["strong", "batch"], batch: [96] });
  const whole = await run({}, values);
  const controller = new AbortController();
  let steps = 0;
  const progress = {
    ...silentProgress(),
    step: () => {
      if (++steps === 2) controller.abort(new Error("stopped"));
    },
  };
  await assertRejects(() => run({ progress, signal: controller.signal }, values), Error, "stopped");
  const said: string[] = [];
  const again = await run({ log: (line) => said.push(line) }, values);
  assertEquals(said, ["What a stopped run had found is taken over"]);
  assertEquals(JSON.stringify(again), JSON.stringify(whole));
  const fresh: string[] = [];
  await run({ log: (line) => fresh.push(line) }, values);
  assertEquals(fresh, []);
});
