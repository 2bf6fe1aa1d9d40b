import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { claimTable } from "../../../../experiments/bam/report/claim_table.ts";
import {
  publishedAverage,
  publishedDomains,
  publishedTables,
} from "../../../../experiments/bam/report/published.ts";
import {
  addedParameters,
  publishedParameters,
} from "../../../../experiments/bam/report/published_costs.ts";
import { publishedDifference } from "../../../../experiments/bam/report/published_difference.ts";
import { publishedBranches } from "../../../../experiments/bam/report/published_premise.ts";
import { publishedTasks } from "../../../../experiments/bam/report/published_tasks.ts";

const tableOf = (id: string) => publishedTables.find((table) => table.id === id)!;

Deno.test("printed averages are the means of the columns that the table is said to average", () => {
  for (const table of publishedTables) {
    for (const row of table.rows) {
      assertEquals(row.perplexity.length, publishedDomains.length);
      if (row.average === undefined) continue;
      assertAlmostEquals(
        publishedAverage(row, table),
        row.average,
        0.0101,
        `${table.id} ${row.name}`,
      );
    }
  }
  for (const { shares, average, name } of publishedTasks.rows) {
    const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
    assertAlmostEquals(mean, average, 1.01e-4, name);
  }
});

Deno.test("Table 1 averages four columns and Table 2 three: the other way round is off", () => {
  const [base] = tableOf("table-2").rows;
  const four = base.perplexity.reduce((a, b) => a + b, 0) / 4;
  assert(Math.abs(four - base.average!) > 1);
  assertAlmostEquals(publishedAverage(base, tableOf("table-2")), 3.3267, 1e-3);
});

Deno.test("the soft row of Table 6 is the compute-matched shared row of Table 1", () => {
  const soft = tableOf("table-6").rows[1];
  const shared = tableOf("table-1").rows.find(({ row, budget }) =>
    row === soft.row && budget === soft.budget
  )!;
  soft.perplexity.forEach((x, i) => assertAlmostEquals(x, shared.perplexity[i], 0.0101));
});

Deno.test("parameters add up to what is printed but for one total, which is that of 4 experts", () => {
  const wrong = publishedParameters.filter((one) => addedParameters(one) !== one.printed);
  assertEquals(wrong.map(({ name }) => name), ["BTX, top 3 of 6"]);
  assertEquals(addedParameters(wrong[0]), 775_990_272);
  assert(wrong[0].erratum);
});

Deno.test("every claim of the work has printed numbers, all in its favour", () => {
  for (const { parts, published, id } of claimTable) {
    for (const part of parts) {
      const small = publishedDifference(part, "small");
      assertEquals(small !== undefined, published, `${id}: ${part.name}`);
      for (const difference of [small, publishedDifference(part, "large")]) {
        assert(difference === undefined || difference < 0, `${id}: ${part.name}`);
      }
    }
  }
  const [btx] = claimTable;
  // Expert KV at equal compute, Table 1, over four domains.
  const logs = [24.84 / 26.72, 3.53 / 3.78, 6.21 / 6.63, 5.43 / 5.77].map(Math.log);
  assertAlmostEquals(
    publishedDifference(btx.parts[0], "small")!,
    logs.reduce((a, b) => a + b, 0) / 4,
    1e-12,
  );
});

Deno.test("the premise holds of all six dense models in print", () => {
  for (const size of ["small", "large"] as const) {
    const branches = publishedBranches(size);
    assertEquals(branches.map(({ domain }) => domain), [1, 2, 3]);
    assert(branches.every(({ own, worst }) => own < 0 && worst.by > 0));
  }
  const [code] = publishedBranches("small");
  assertAlmostEquals(code.own, 3.71 / 8.62 - 1, 1e-12);
  assertEquals(code.worst.domain, 0);
});
