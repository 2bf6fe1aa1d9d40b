import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { perplexitiesOf } from "../../../../experiments/bam/report/perplexities.ts";
import { trainingsOf } from "../../../../experiments/bam/report/rows.ts";
import { studyTables } from "../../../../experiments/bam/report/tables.ts";
import { wilson } from "../../../../experiments/bam/report/task_table.ts";
import { madeUpFigures } from "./made_up.ts";

const redrawing = { seed: 1, draws: 100 };

const rowsOf = async (figures = madeUpFigures(1)) => {
  const tables = await studyTables(figures, { redrawing });
  return Map.groupBy(tables.flatMap(({ rows }) => rows), ({ table }) => table);
};

Deno.test("tables of premise, claims, order, all twins, tasks and costs, ids unique", async () => {
  const tables = await studyTables(madeUpFigures(1), { redrawing });
  assertEquals(tables.map(({ info }) => info.id), [
    ...["premise-branches", "claims", "agreement"],
    ...["table-1", "table-2", "table-4", "table-5", "table-6"],
    ...["tasks-large", "tasks-small", "table-3", "costs", "claims-by-seed"],
  ]);
  const ids = tables.flatMap(({ rows }) => rows.map(({ id }) => id));
  assertEquals(ids.length, new Set(ids).size);
});

Deno.test("measured and printed rows of Table 1 stand below each other, each with its kind", async () => {
  const rows = (await rowsOf()).get("table-1")!;
  assertEquals(rows.slice(0, 4).map(({ kind, labels }) => `${labels.model} ${kind}`), [
    "seed model measured",
    "seed model published",
    "dense, reversed measured",
    "dense, code published",
  ]);
  assertEquals(rows.filter(({ kind }) => kind === "published").length, 9);
  assertEquals(rows.filter(({ kind }) => kind === "measured").length, 10);
  const [base, printed] = rows;
  assertEquals(printed.metrics["law / rotated"].value, 8.92);
  assertEquals(printed.metrics.average.value, 13.91);
  assert(base.metrics.average.lo < base.metrics.average.value);
  const floor = rows.at(-1)!;
  assertEquals([floor.kind, floor.labels.model], ["derived", "the least possible"]);
  assertAlmostEquals(floor.metrics.average.value, Math.exp(1.1), 1e-9);
});

Deno.test("the average of the large size leaves the first domain out, as in print", async () => {
  const [base] = (await rowsOf()).get("table-2")!;
  const models = [...trainingsOf(madeUpFigures(1), { row: "seed", size: "large" }).values()];
  const logs = models.map(({ domains }) =>
    Math.log(domains.slice(1).reduce((sum, { loss }) => sum + Math.exp(loss), 0) / 3)
  );
  const mean = logs.reduce((a, b) => a + b, 0) / 3;
  assertAlmostEquals(base.metrics.average.value, Math.exp(mean), 1e-9);
});

Deno.test("one seed has intervals of its sequences and says so; none is refused", () => {
  const figures = madeUpFigures(1, { seeds: 1 });
  const models = [...trainingsOf(figures, { row: "btx-4", size: "small" }).values()];
  const { average, domains } = perplexitiesOf(models, { redrawing });
  assert(average.method.startsWith("one seed"));
  domains.forEach(({ value, lo, hi }, d) => {
    assertAlmostEquals(value, Math.exp(models[0].domains[d].loss), 1e-9);
    assert(lo < value && value < hi);
  });
  assertThrows(() => perplexitiesOf([], { redrawing }), RangeError, "found no training");
});

Deno.test("costs stand beside those of BTX", async () => {
  const rows = (await rowsOf()).get("costs")!;
  const of = (model: string, matched: string) =>
    rows.find(({ labels }) => labels.model === model && labels.matched === matched)!.metrics;
  assertEquals(of("BAM, expert KV", "equal data").flopsOverBtx.value, 1.25);
  assertEquals(of("BAM, expert KV", "equal compute").tokensOverBtx.value, 0.8);
  assertEquals(of("seed model", "–").flopsOverBtx, undefined);
  // Times are of a clock: their ratio is the middle one of the seeds, with an interval.
  const seconds = (row: string, seed: number) =>
    madeUpFigures(1).models.find((one) =>
      one.row === row && one.seed === seed && one.size === "small" && one.budget === "data"
    )!.stepSeconds;
  const ratios = [1, 2, 3].map((seed) => seconds("bam-expert-kv", seed) / seconds("btx-4", seed));
  const { value, lo, hi, n } = of("BAM, expert KV", "equal data").stepOverBtx;
  assertEquals([lo, value, hi, n], [...ratios.sort((a, b) => a - b), 3]);
});

Deno.test("a study without tasks has no table of them", async () => {
  const figures = madeUpFigures(1);
  const models = figures.models.map((model) => ({ ...model, tasks: [] }));
  const tables = await studyTables({ ...figures, models }, { redrawing });
  assert(tables.every(({ info }) => !/tasks|table-3/.test(info.id)));
});

Deno.test("a task that nothing was asked of is left out, of one seed and of several", async () => {
  for (const seeds of [1, 2]) {
    const figures = madeUpFigures(1, { seeds });
    const models = figures.models.map((model) => ({
      ...model,
      tasks: model.tasks.map((task) =>
        task.kind === "exact" && task.domain === "rotated" ? { ...task, right: 0, asked: 0 } : task
      ),
    }));
    const rows = await rowsOf({ ...figures, models });
    for (const { metrics } of rows.get("tasks-large")!) {
      assertEquals([metrics["exact, rotatedFraction"], Object.keys(metrics).length], [
        undefined,
        8,
      ]);
      assert(Object.values(metrics).every(({ value }) => Number.isFinite(value)));
    }
    const order = (of: typeof rows) => of.get("agreement")!.length;
    assertEquals(order(rows), order(await rowsOf(figures)));
  }
});

Deno.test("Wilson's interval holds the share, stays a share and narrows", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(), (asked, n) => {
      const right = n % (asked + 1);
      const { value, lo, hi } = wilson({ right, asked });
      assert(0 <= lo && lo <= value + 1e-12 && value <= hi + 1e-12 && hi <= 1);
      const more = wilson({ right: 4 * right, asked: 4 * asked });
      assert(more.hi - more.lo < hi - lo);
    }),
    { seed: 1, numRuns: 200 },
  );
  // By hand: 8 of 10.
  const { lo, hi } = wilson({ right: 8, asked: 10 });
  assertAlmostEquals(lo, 0.4902, 1e-3);
  assertAlmostEquals(hi, 0.9433, 1e-3);
  assertThrows(() => wilson({ right: 0, asked: 0 }), RangeError, "wanted 1 or more");
});
