import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { tableAgreements } from "../../../../experiments/bam/report/agreement_table.ts";
import { rankAgreement } from "../../../../experiments/bam/report/rank_agreement.ts";
import { madeUpFigures } from "./made_up.ts";

const apart = (by: readonly number[]) =>
  by.length < 2 ? undefined : { lo: Math.min(...by), hi: Math.max(...by) };

const row = (published: number, ...seeds: number[]) => ({
  published,
  bySeed: new Map(seeds.map((x, seed) => [seed, x])),
});

Deno.test("pairs in the same order are counted, ties in print are not", () => {
  const rows = [row(1, 10, 11), row(2, 20, 19), row(2, 5, 5)];
  assertEquals(rankAgreement(rows, apart), { pairs: 2, same: 1, sure: 2, sureSame: 1 });
});

Deno.test("seeds that disagree leave a pair untold, missing seeds leave it out", () => {
  const rows = [row(1, 10, 12), row(2, 11, 11.5)];
  assertEquals(rankAgreement(rows, apart), { pairs: 1, same: 1, sure: 0, sureSame: 0 });
  const other = { published: 3, bySeed: new Map([[7, 1]]) };
  assertEquals(rankAgreement([row(1, 10), other], apart).pairs, 0);
});

Deno.test("two branches have no order among themselves", () => {
  const branches = [row(1, 1), row(2, 2)].map((one) => ({ ...one, branch: true }));
  assertEquals(rankAgreement([...branches, row(3, 3)], apart).pairs, 2);
});

Deno.test("measured as printed, all pairs agree; turned round, none", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 9 });
  fc.assert(
    fc.property(numbers, (xs) => {
      const pairs = xs.length * (xs.length - 1) / 2;
      const same = rankAgreement(xs.map((x) => row(x, 2 * x)), apart);
      assertEquals([same.pairs, same.same], [pairs, pairs]);
      assertEquals(rankAgreement(xs.map((x) => row(x, -x)), apart).same, 0);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("agreement is told of each table, those of one size alone where one was trained", () => {
  const ids = (figures: ReturnType<typeof madeUpFigures>) =>
    tableAgreements(figures).map(({ table }) => table);
  assertEquals(ids(madeUpFigures(1)), [
    ...["table-1", "table-2", "table-3", "table-4", "table-5", "table-6"],
  ]);
  assertEquals(ids(madeUpFigures(1, { sizes: ["small"] })), [
    ...["table-1", "table-4", "table-5", "table-6"],
  ]);
  const [first] = tableAgreements(madeUpFigures(1));
  // Nine rows have 36 pairs, of which 3 are two branches.
  assertEquals([first.rows, first.agreement.pairs], [9, 33]);
  assert(first.agreement.same > 25);
});
