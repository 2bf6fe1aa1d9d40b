import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { NONE } from "../../../core/arrays/arrays.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import { expertRanges } from "../../../core/gates/zero_experts.ts";
import { rowWith } from "./host_gate.ts";
import { dispatched, route, rowsOf, smallShape, sum } from "./host_route.ts";

const { dModel: D } = smallShape;

function rowOfKinds(zeroExperts: GateRecipe["zeroExperts"]): GateRecipe {
  const weigh = { kind: "softmax", over: "chosen" } as const;
  return rowWith({
    score: { kind: "linear" },
    select: { kind: "top-k", k: 4 },
    weigh,
    zeroExperts,
  });
}

Deno.test("experts that do nothing leave their weight to the token's other experts", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const recipe = recipeById("adamoe");
      const { networks } = expertRanges(recipe, 8);
      const { gated } = route(recipe, { seed });
      const { ids, weights } = dispatched(gated, "choice");
      assert(gated.wanted !== undefined && gated.logits !== undefined);
      const logits = rowsOf(gated.logits);
      rowsOf(gated.wanted).forEach((row, t) => {
        const real = row.filter((id) => id < networks);
        assertEquals(rowsOf(ids)[t], row.map((id) => id < networks ? id : NONE));
        const all = sum(real.map((id) => Math.exp(logits[t][id])));
        row.forEach((id, k) => {
          const wanted = id < networks ? Math.exp(logits[t][id]) / all : 0;
          assertAlmostEquals(rowsOf(weights)[t][k], wanted, 1e-9);
        });
      });
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("kinds come last: constant ones, copies, and those that do nothing", () => {
  const recipe = rowOfKinds({ null: 1, copy: 2, constant: 1 });
  assertEquals(expertRanges(recipe, 8), { networks: 4, copy: 5, null: 7 });
});

Deno.test("copies add the token, constant experts a mixture of it and a vector", () => {
  const recipe = rowOfKinds({ null: 1, copy: 2, constant: 1 });
  const { gated, w, input } = route(recipe);
  assert(gated.wanted && gated.logits && gated.copied && gated.added);
  const [copied, added] = [rowsOf(gated.copied), rowsOf(gated.added)];
  const { ids, weights } = dispatched(gated, "choice");
  rowsOf(gated.wanted).forEach((row, t) => {
    assert(gated.logits && gated.copied && gated.added);
    const logits = rowsOf(gated.logits)[t];
    const all = sum(row.filter((id) => id < 7).map((id) => Math.exp(logits[id])));
    const weight = (id: number) => row.includes(id) ? Math.exp(logits[id]) / all : 0;
    const x = rowsOf(input.x)[t];
    const mix = [0, 1].map((c) => sum(x.map((v, d) => v * w.constant_0_mix.data[2 * d + c])));
    const own = Math.exp(mix[0]) / (Math.exp(mix[0]) + Math.exp(mix[1]));
    assertAlmostEquals(copied[t][0], weight(5) + weight(6) + weight(4) * own, 1e-9);
    for (let d = 0; d < D; d++) {
      assertAlmostEquals(added[t][d], weight(4) * (1 - own) * w.constant_0.data[d], 1e-9);
    }
    rowsOf(ids)[t].forEach((id, k) => {
      assertEquals(id, row[k] < 4 ? row[k] : NONE);
      assertAlmostEquals(rowsOf(weights)[t][k], row[k] < 4 ? weight(row[k]) : 0, 1e-9);
    });
  });
});

Deno.test("a recipe with networks alone adds nothing beside them", () => {
  const { gated } = route(rowOfKinds(undefined));
  assertEquals([gated.copied, gated.added], [undefined, undefined]);
});
