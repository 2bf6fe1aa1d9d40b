import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { applyAdapters, type SiteAdapter } from "../../../core/adapters/kinds.ts";
import { adapterParameters } from "../../../core/adapters/kinds.ts";
import { adapterControls, adapterRecipes } from "../../../core/adapters/recipes.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { adaptedBy, apart, bare, drawnValues, logitsOf, matrixOf, recipeOf } from "./small_base.ts";

Deno.test("what begins as zeros leaves the logits of the base as they are, to the bit", () => {
  const wanted = logitsOf(adaptedBy(bare));
  for (const recipe of [...adapterControls, ...adapterRecipes]) {
    const found = logitsOf(adaptedBy(recipe));
    // A prefix takes part in the softmax from the first step on.
    const same = recipe.id !== "unipelt";
    assertEquals(found.every((v, i) => v === wanted[i]), same, recipe.id);
  }
});

Deno.test("adapters with numbers of their own change the logits, each recipe in another way", () => {
  const seen = new Set<string>();
  for (const recipe of [...adapterControls, ...adapterRecipes]) {
    const adapted = adaptedBy(recipe);
    const values = drawnValues(adapted);
    const of = apart(logitsOf(adapted, { values }), logitsOf(adaptedBy(bare), { values }));
    assert(of > 1e-3, `${recipe.id}: ${of}`);
    seen.add(of.toFixed(9));
  }
  assertEquals(seen.size, adapterControls.length + adapterRecipes.length);
});

const specs: SiteAdapter[] = [
  { kind: "lora", rank: 3, alpha: 6 },
  { kind: "bottleneck", width: 3 },
  { kind: "ia3" },
];

Deno.test("identical adapters whose weights add up to one are one adapter", () => {
  const arbitrary = fc.record({
    spec: fc.constantFrom(...specs),
    experts: fc.integer({ min: 2, max: 5 }),
    shares: fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
    seed: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ spec, experts, shares, seed }) => {
      const g = hostArrays({ seed: 1 });
      const [tokens, input, output] = [3, 5, 5];
      const found = {
        x: matrixOf(`x ${seed}`, tokens, input),
        y: matrixOf(`y ${seed}`, tokens, output),
      };
      const one = Object.fromEntries(
        Object.entries(adapterParameters(spec, { input, output, experts: 1 }))
          .map(([name, { shape }]) => [name, matrixOf(`${name} ${seed}`, shape[0], shape[1])]),
      );
      const all = Object.fromEntries(
        Object.entries(one).map(([name, a]) => [
          name,
          spec.kind === "ia3"
            ? g.repeatRows(a, experts)
            : g.beside(...Array.from({ length: experts }, () => a)),
        ]),
      );
      const sum = shares.slice(0, experts).reduce((a, b) => a + b, 0);
      const row = shares.slice(0, experts).map((share) => share / sum);
      const weights = hostMatrix(
        [tokens, experts],
        Array.from({ length: tokens }, () => row).flat(),
      );
      const mixed = applyAdapters({ g, w: all, found, weights }, spec);
      const single = applyAdapters({ g, w: one, found }, spec);
      assertLess(apart(mixed.data, single.data), 1e-12);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("networks of identical experts are the base's network with one of them", () => {
  const lora = { kind: "lora", rank: 2, alpha: 4 } as const;
  const sites = ["gate", "up", "down"] as const;
  const many = adaptedBy(recipeOf({
    ...{ adapter: lora, sites, experts: 3, gate: "molora", weighs: "networks" },
  }));
  const one = adaptedBy(recipeOf({ adapter: lora, sites }));
  const single = drawnValues(one);
  const values = { ...drawnValues(many) };
  for (const [name, data] of Object.entries(single)) {
    if (!/\.[ab]$/.test(name)) values[name] = data;
    else {
      const rank = 2;
      values[name] = Float64Array.from(
        { length: 3 * data.length },
        (_, i) => data[Math.floor(i / (3 * rank)) * rank + i % rank],
      );
    }
  }
  assertLess(apart(logitsOf(many, { values }), logitsOf(one, { values: single })), 1e-12);
});

Deno.test("no recipe lets a token see a later one", () => {
  for (const recipe of adapterRecipes) {
    const adapted = adaptedBy(recipe);
    const values = drawnValues(adapted);
    const first = logitsOf(adapted, { values });
    const other = logitsOf(adapted, { values, last: 3 });
    const columns = first.length / 12;
    // Of each sequence of six tokens only the last has another id.
    const moved = Array.from(
      { length: 12 },
      (_, t) => apart(first.slice(t * columns, (t + 1) * columns), other.slice(t * columns)) > 1e-9,
    );
    assertEquals(moved, moved.map((_, t) => t % 6 === 5), recipe.id);
  }
});
