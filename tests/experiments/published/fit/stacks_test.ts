import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { caseGroups } from "../../../../experiments/published/case_groups.ts";
import { constantRate } from "../../../../experiments/published/fit/baseline.ts";
import { stackFamilies } from "../../../../experiments/published/fit/families.ts";
import { fitFamily } from "../../../../experiments/published/fit/fit_families.ts";
import { modelsLeftOut, type RowError } from "../../../../experiments/published/fit/leave_out.ts";
import { byKey, bySet } from "../../../../experiments/published/fit/summary.ts";
import { fitRows } from "../../../../experiments/published/fit/write_stacks.ts";
import { stackById } from "../../../../sim/stack/stacks.ts";
import errors from "../../../../experiments/published/fit/errors.json" with { type: "json" };

const rows = await fitRows();
const fitted: RowError[] = rows.map((row) => ({
  row,
  logError: Math.log(row.predict(stackById(row.stack)) / row.seconds),
}));

Deno.test("the shipped stacks give the errors that are written beside them", () => {
  const written = errors.report.fitted.sets;
  for (const [set, { rows, median, p90 }] of Object.entries(bySet(fitted))) {
    const said = written[set as keyof typeof written];
    assertEquals(rows, said.rows);
    // Figures of both files have four digits.
    assertAlmostEquals(median, said.median, 0.002, set);
    assertAlmostEquals(p90, said.p90, 0.002, set);
  }
});

Deno.test("published steps are told within a few percent, each set far better than by its rate", () => {
  const sets = bySet(fitted);
  const rates = bySet(constantRate(rows, ({ row }) => caseGroups(row).source));
  const most = { dense: 0.04, vtrain: 0.05, "a100-sweep": 0.035, moe: 0.07, simumax: 0.03 };
  for (const [set, median] of Object.entries(most)) {
    assert(sets[set as keyof typeof most].median <= median, set);
    assert(sets[set as keyof typeof most].median < 0.5 * rates[set as keyof typeof most].median);
  }
});

Deno.test("no source of ten rows or more is told too fast or too slow", () => {
  const sources = byKey(fitted, ({ row }) => caseGroups(row.row).source);
  for (const [source, { rows, bias }] of Object.entries(sources)) {
    if (rows >= 10) assert(Math.abs(bias) <= 0.05, `${source}: ${bias}`);
  }
});

Deno.test("a model that is left out is told as it is written", () => {
  const family = stackFamilies.find(({ id }) => id === "nemo")!;
  const own = rows.filter(({ stack }) => family.stacks.test(stack));
  const written: Record<string, number> = errors.modelLeftOut;
  for (const { row, logError } of modelsLeftOut(fitFamily(family, own))) {
    assertAlmostEquals(logError, written[row.id], 0.002, row.id);
  }
});

Deno.test("stacks that nobody calibrates on their own keep what they lack", () => {
  assertEquals(stackById("aleph-flash2-rms").normPasses, 0);
  assert(stackById("aleph-flash2").normPasses > 0);
  assert(stackById("aleph-torch").scorePasses > 0);
});
