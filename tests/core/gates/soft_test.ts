import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { softRecipes } from "../../../core/gates/recipes/soft.ts";
import { dispatched, route, rowOf, rowsOf, smallShape, sum } from "./host_route.ts";

const seeds = fc.integer({ min: 1, max: 1000 });

Deno.test("columns of mix and rows of combine sum to 1 in every sequence", () => {
  fc.assert(
    fc.property(fc.constantFrom("soft-moe", "homoe"), seeds, (id, seed) => {
      const { gated, shape } = route(rowOf(softRecipes, id), { seed });
      const { mix, combine, length, perExpert } = dispatched(gated, "slots");
      assertEquals(length, shape.length);
      assertEquals(mix.shape, [32, 8 * perExpert]);
      for (const row of rowsOf(combine)) assertAlmostEquals(sum(row), 1, 1e-9);
      const rows = rowsOf(mix);
      for (let first = 0; first < 32; first += length) {
        for (let s = 0; s < 8 * perExpert; s++) {
          assertAlmostEquals(sum(rows.slice(first, first + length).map((row) => row[s])), 1, 1e-9);
        }
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("slots of Soft MoE are the products of unit tokens and unit slots, times the scale", () => {
  const { gated, input, w } = route(rowOf(softRecipes, "soft-moe"));
  const { combine } = dispatched(gated, "slots");
  const unit = (v: number[]) => v.map((a) => a / Math.hypot(...v));
  const slots = Array.from({ length: 8 }, (_, s) => unit(rowsOf(w.slots).map((row) => row[s])));
  const exps = rowsOf(input.x).map((x) =>
    slots.map((slot) => Math.exp(sum(unit(x).map((a, d) => a * slot[d]))))
  );
  rowsOf(combine).forEach((row, t) =>
    row.forEach((c, s) => assertAlmostEquals(c, exps[t][s] / sum(exps[t]), 1e-9))
  );
});

Deno.test("a mixed token is made of one position of its group, and goes back there", () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 4), (seed, group) => {
      const row = rowOf(softRecipes, "mixture-of-tokens");
      const { gated } = route({ ...row, select: { kind: "across", group } }, { seed });
      const { mix, combine, length, perExpert } = dispatched(gated, "slots");
      assertEquals([length, perExpert], [8 * group, 8]);
      assertEquals(mix.data, combine.data);
      const rows = rowsOf(mix);
      for (let first = 0; first < 32; first += length) {
        for (let slot = 0; slot < 64; slot++) {
          let all = 0;
          for (let t = first; t < first + length; t++) {
            if (rows[t][slot] !== 0) assertEquals(t % 8, slot % 8);
            all += rows[t][slot];
          }
          assertAlmostEquals(all, 1, 1e-9);
        }
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("sequences that a group does not divide are mixed in smaller groups", () => {
  const row = rowOf(softRecipes, "mixture-of-tokens");
  const { gated } = route(row, { shape: { tokens: 24 } });
  assertEquals(dispatched(gated, "slots").length, 24);
  const five = route(row, { shape: { tokens: 40 } });
  assertEquals(dispatched(five.gated, "slots").length, 8);
});

Deno.test("a token of mixture of tokens does not see later positions", () => {
  const row = rowOf(softRecipes, "mixture-of-tokens");
  const { gated, input } = route(row);
  const changed = input.x.data.map((v, i) => Math.floor(i / 8) % 8 >= 5 ? v + 1 : v);
  const after = route(row, { x: hostMatrix([32, 8], changed) });
  const [a, b] = [gated, after.gated].map((g) => rowsOf(dispatched(g, "slots").mix));
  a.forEach((mix, t) => (t % 8 < 5 ? assertEquals : assertNotEquals)(b[t], mix));
});

Deno.test("soft weights of all experts sum to 1, and to 1 in each set of Omni-SMoLA", () => {
  for (const id of ["mov", "molora", "smola"]) {
    const { weights, ids } = dispatched(route(rowOf(softRecipes, id)).gated, "choice");
    assertEquals(ids.shape, [32, 8]);
    for (const row of rowsOf(weights)) assertAlmostEquals(sum(row), 1, 1e-9);
  }
  const shape = { ...smallShape, experts: 9, tags: 4 };
  const { gated, input } = route(rowOf(softRecipes, "omni-smola"), { shape });
  const { weights, ids } = dispatched(gated, "choice");
  const chosen = rowsOf(ids);
  rowsOf(weights).forEach((row, t) => {
    const kind = input.tags.data[t] % 2;
    const first = 3 * kind;
    assertAlmostEquals(sum(row.slice(first, first + 3)), 1, 1e-9);
    assertAlmostEquals(sum(row.slice(6)), 1, 1e-9);
    assertAlmostEquals(sum(row), 2, 1e-9);
    assertEquals(chosen[t].filter((e) => e < 9), [first, first + 1, first + 2, 6, 7, 8]);
  });
});

Deno.test("rows that see later tokens name one that does not", () => {
  for (const row of softRecipes.filter(({ causal }) => !causal)) {
    assert(softRecipes.find(({ id }) => id === row.nearest)?.causal, row.id);
  }
});
