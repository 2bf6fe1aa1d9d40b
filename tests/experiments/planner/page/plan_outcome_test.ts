import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { planFiles } from "../../../../experiments/planner/page/page_files.ts";
import { planColumns, planSettings } from "../../../../experiments/planner/page/plan_columns.ts";
import { planOutcome } from "../../../../experiments/planner/page/plan_outcome.ts";
import { pickEvenly } from "../../../../experiments/planner/page/plan_tables.ts";
import { thinTimeline } from "../../../../experiments/planner/page/thin_timeline.ts";
import type { Timeline } from "../../../../reports/result.ts";
import type { Span } from "../../../../sim/engine/span.ts";
import { page, planning, record } from "./page_fixture.ts";

const outcome = planOutcome(page);

Deno.test("the verdict gives the step with its interval, the memory and where time goes", () => {
  const { verdict, decision } = outcome;
  const { winner: { parts: [{ shareFraction }] } } = record;
  assertStringIncludes(verdict, "The fastest plan takes ");
  assertStringIncludes(verdict, "(+1.8 −1.5) a step");
  assertStringIncludes(verdict, " on 16 x h100, ");
  assertStringIncludes(verdict, `(${Math.round(shareFraction * 100)}`);
  assertStringIncludes(decision, "by the closed form none is better");
  const stopped = planOutcome({ ...page, record: { ...record, complete: false } });
  assertStringIncludes(stopped.verdict, "The fastest plan so far takes ");
  assertStringIncludes(stopped.decision, "stopped before its end");
});

Deno.test("the card has the plan's figures and its words", () => {
  const [card, why, compared] = outcome.cards!;
  const [first] = record.best;
  const figures = Object.fromEntries(card.figures.map(({ key, value }) => [key, value]));
  assertEquals(figures.stepSeconds, first.step);
  assertEquals(figures.peakBytes.value, first.peakBytes);
  assertEquals(figures.mfuFraction.value, first.mfuFraction);
  assertEquals(card.text, first.plan);
  assertEquals(card.paragraphs, ["Mind: energy is an upper end."]);
  assertEquals(why.lists, [{ title: "What binds it", items: ["It is bound by compute."] }]);
  assertEquals(compared.lists!.map(({ items }) => items), [["The second waits for its pipeline."]]);
  assertEquals(compared.text, "best\npp=2");
});

Deno.test("the scatter holds the front, the best and named plans, under what is allowed", () => {
  const [{ points, limits }] = outcome.scatters!;
  assertEquals(points.filter((p) => p.front).map((p) => p.label), record.front.map((p) => p.plan));
  assertEquals(points.filter((p) => p.chosen).map((p) => p.label), [record.best[0].plan]);
  assertEquals(points.map((p) => p.name).filter(Boolean), ["the best", "ours"]);
  const ours = points.find((p) => p.name === "ours")!;
  assertEquals(ours.x, page.comparisons![0].comparison.b.stepSeconds);
  assertEquals(limits, [{
    axis: "y",
    value: record.asked.limitBytes,
    label: "memory that was allowed",
    forbidden: "above",
  }]);
  const whole = { ...record.asked, limitBytes: record.asked.deviceBytes };
  const [free] = planOutcome({ ...page, record: { ...record, asked: whole } }).scatters!;
  assertEquals(free.limits!.map(({ label }) => label), ["memory of a device"]);
});

Deno.test("parts of the step and of the memory add up to what the record says", () => {
  const [step, memory] = outcome.waterfalls!;
  const sum = (parts: { value: number }[]) => parts.reduce((all, { value }) => all + value, 0);
  assertAlmostEquals(sum(step.parts) / record.winner.closedSeconds, 1, 1e-9);
  assertAlmostEquals(sum(memory.parts) / record.winner.memory.peakBytes, 1, 1e-9);
  assertEquals(memory.limit!.value, record.asked.limitBytes);
});

Deno.test("a comparison's bars add up to the difference of the steps", () => {
  const against = outcome.bars!.find(({ id }) => id === "against-1")!;
  const { a, b } = page.comparisons![0].comparison;
  const sum = against.bars.reduce((all, { parts: [{ value }] }) => all + value, 0);
  assertAlmostEquals(sum / (b.stepSeconds - a.stepSeconds), 1, 1e-4);
  assertStringIncludes(against.note, "pp (1 to 2)");
  const best = outcome.bars!.find(({ id }) => id === "best-steps")!;
  best.bars.forEach(({ parts }, i) => {
    const whole = parts.reduce((all, { value }) => all + value, 0);
    assertAlmostEquals(whole, record.best[i].closedSeconds, 1e-12);
  });
});

Deno.test("the funnel names what plans fell to, the most first, and adds up", () => {
  const [{ total, steps }] = outcome.funnels!;
  assertEquals(total, "16400000000000001");
  assertEquals(steps.map(({ label, count }) => [label, count]), [
    ["rule: world", "16000000000000000"],
    ["rule: chunks", "7"],
    ["never better", "300000000000000"],
    ["do not fit", "99999999999994"],
    ["priced and fit", "0"],
  ]);
  assert(steps.every(({ note }) => note !== undefined));
  assertEquals(outcome.checks.map(({ passed }) => passed), [true]);
  const lost = { ...record.counts, time: "1" };
  const [check] = planOutcome({ ...page, record: { ...record, counts: lost } }).checks;
  assertEquals([check.value, check.passed], [1, false]);
});

Deno.test("plans in columns: degrees, and short words in which they differ", () => {
  const columns = planColumns([
    "tp=2,pp=1,dp=8,ep=8,zero=1,mb=1",
    "tp=1,pp=1,dp=8,ep=8,zero=2,mb=1",
  ]);
  assertEquals(columns, [
    { tp: 2, pp: 1, dp: 8, ep: 8, zero: 1 },
    { tp: 1, pp: 1, dp: 8, ep: 8, zero: 2 },
  ]);
  assertEquals(planSettings("tp=2,overlap=gradients+tensor"), [
    { label: "tensor parallel (tp)", value: "2" },
    { label: "runs beside kernels", value: "gradients + tensor" },
  ]);
});

Deno.test("some of many are picked evenly, both ends among them", () => {
  const all = Array.from({ length: 101 }, (_, i) => i);
  assertEquals(pickEvenly(all, 5), [0, 25, 50, 75, 100]);
  assertEquals(pickEvenly([1, 2], 5), [1, 2]);
});

Deno.test("several searches are a table, with what none of them fits", () => {
  const [first] = record.searches;
  const { bestSeconds: _, ...empty } = first;
  const searches = [first, { ...empty, name: "8", devices: 8 }];
  const { rows, tables } = planOutcome({ ...page, record: { ...record, searches } });
  assert(tables.some(({ id }) => id === "searches"));
  const found = rows.filter(({ table }) => table === "searches");
  assertEquals(found.map(({ infeasible }) => infeasible), [undefined, "nothing fits"]);
  assertEquals(outcome.tables.map(({ id }) => id), ["best", "front", "compared", "words"]);
});

const run = {
  planning,
  host: { commit: "c", versions: { moelab: "0" }, os: "o", cpu: "c", lockHash: "l" },
  ...{ startedAt: "2026-01-01T00:00:00Z", wallSeconds: 1, command: "plan", seed: 1 },
};

Deno.test("the files are a valid result, its page and the trace of its step", async () => {
  const files = await planFiles(page, run);
  assertEquals(Object.keys(files).sort(), ["report.html", "result.json", "trace.json"]);
  const html = files["report.html"];
  const order = [...html.matchAll(/<section id="([^"]*)"/g)].map(([, id]) => id);
  assertEquals(order, [
    ...["best-plan", "front", "why", "results", "step-parts", "timelines", "memory", "sensitivity"],
    ...["best-steps", "compared-1", "against-1", "searched", "checks", "provenance"],
    "understanding",
  ]);
  assertStringIncludes(html, 'title="16400000000000001"');
  assertStringIncludes(html, record.best[2].plan.split(",")[0]);
  assert(!/NaN|undefined/.test(html.slice(html.indexOf("<body>"), html.indexOf("<script"))));
  assertEquals(await planFiles(page, run), files);
  const { timeline: _, ...still } = page;
  assertEquals(Object.keys(await planFiles(still, run)).sort(), ["report.html", "result.json"]);
});

/** Layers of kernels and exchanges on two ranks, with gaps. */
function manySpans(layers: number): Timeline {
  const spans = [0, 1].flatMap((rank) =>
    Array.from({ length: layers }, (_, i): Span[] => {
      const from = i / layers;
      const at = (share: number) => from + share / layers;
      const common = { rank, stream: "compute" as const };
      const kernel = { ...common, class: "compute" as const, flops: 2 };
      return [
        { ...kernel, name: "attention", startSeconds: at(0), endSeconds: at(0.3) },
        { ...kernel, name: "experts", startSeconds: at(0.3), endSeconds: at(0.7) },
        { ...common, class: "waiting", name: "wait", startSeconds: at(0.7), endSeconds: at(0.9) },
      ];
    }).flat()
  );
  return { id: "step", title: "A step", note: "Two ranks.", kind: "simulated", spans };
}

Deno.test("a timeline of many spans keeps the time of every lane and class, and all FLOP", () => {
  const whole = manySpans(5000);
  const thin = thinTimeline(whole);
  const sums = ({ spans }: Timeline) => {
    const seconds = new Map<string, number>();
    let flops = 0;
    for (const { rank, class: kind, startSeconds, endSeconds, flops: own = 0 } of spans) {
      const key = `${rank} ${kind}`;
      seconds.set(key, (seconds.get(key) ?? 0) + endSeconds - startSeconds);
      flops += own;
    }
    return { seconds, flops };
  };
  const [before, after] = [sums(whole), sums(thin)];
  assertEquals(after.flops, before.flops);
  assertEquals([...after.seconds.keys()], [...before.seconds.keys()]);
  for (const [key, seconds] of before.seconds) {
    assertAlmostEquals(after.seconds.get(key)!, seconds, 1e-9);
  }
  // Two kernels that touch are one; a wait beside them, and what a gap parts, are not.
  assertEquals(thin.spans.length, 20_000);
  assertEquals(thin.spans[0].name, "2 spans: attention, experts");
  assertStringIncludes(thin.note, "Of its 30000 spans");
  assertEquals(thinTimeline(manySpans(10)), manySpans(10));
});
