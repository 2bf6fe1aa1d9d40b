import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import { hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { gateOf } from "../../../core/gates/pipeline.ts";
import { softRecipes } from "../../../core/gates/recipes/soft.ts";
import { segmentLength } from "../../../core/gates/select/merged.ts";
import { dispatched, drawn, route, rowOf, rowsOf, smallShape, sum } from "./host_route.ts";

const seeds = fc.integer({ min: 1, max: 1000 });
const [T, D, L] = [smallShape.tokens, smallShape.dModel, smallShape.length];

const merged = (id: string, options: Parameters<typeof route>[1] = {}) =>
  dispatched(route(rowOf(softRecipes, id), options).gated, "merged");

Deno.test("merged weights sum to 1, one row a sequence or a segment", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("smear", "meo", "lory", "lory-even-start"),
      seeds,
      (id, seed) => {
        const { weights, length } = merged(id, { seed });
        assertEquals(length, id.startsWith("lory") ? 2 : L);
        assertEquals(weights.shape, [T / length, 8]);
        for (const row of rowsOf(weights)) {
          assertAlmostEquals(sum(row), 1, 1e-9);
          if (id === "meo") assertEquals(row.filter((w) => w > 0).length, 2);
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("a sequence's weights are the softmax of its mean token's scores", () => {
  const { gated, input, w } = route(rowOf(softRecipes, "smear"));
  const { weights } = dispatched(gated, "merged");
  const x = rowsOf(input.x);
  rowsOf(weights).forEach((row, s) => {
    const tokens = x.slice(s * L, (s + 1) * L);
    const mean = tokens[0].map((_, d) => sum(tokens.map((t) => t[d])) / L);
    const exps = row.map((_, e) => Math.exp(sum(mean.map((m, d) => m * w.router.data[d * 8 + e]))));
    row.forEach((v, e) => assertAlmostEquals(v, exps[e] / sum(exps), 1e-9));
  });
});

/** Weights [segments, E] before and after the tokens of one segment of each sequence were changed. */
function afterChange(id: string, { segment, seed }: { segment: number; seed: number }) {
  const { input } = route(rowOf(softRecipes, id), { seed });
  const changed = input.x.data.map((v, i) =>
    Math.floor(Math.floor(i / D) % L / 2) === segment ? v + Math.sin(i) : v
  );
  return [merged(id, { seed }), merged(id, { seed, x: hostMatrix([T, D], changed) })]
    .map(({ weights }) => rowsOf(weights));
}

Deno.test("changing the tokens of a segment changes the weights of the next segment alone", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 3 }), (seed, segment) => {
      const [before, after] = afterChange("lory-even-start", { segment, seed });
      before.forEach((row, s) => {
        const next = segment < 3 && s % 4 === segment + 1;
        (next ? assertNotEquals : assertEquals)(after[s], row);
      });
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("the first segment of the published rule sees itself, all later ones do not", () => {
  const seed = 3;
  for (let segment = 0; segment < 4; segment++) {
    const [before, after] = afterChange("lory", { segment, seed });
    before.forEach((row, s) => {
      const moved = segment < 3 && s % 4 === segment + 1 || segment === 0 && s % 4 === 0;
      (moved ? assertNotEquals : assertEquals)(after[s], row);
    });
  }
});

Deno.test("an even start weighs all experts alike", () => {
  const { weights } = merged("lory-even-start");
  rowsOf(weights).forEach((row, s) => {
    if (s % 4 === 0) { for (const w of row) assertAlmostEquals(w, 1 / 8, 1e-12); }
  });
});

Deno.test("no gradient goes through the first segment's weights", () => {
  const shape = { ...smallShape, tokens: L };
  const recipe = rowOf(softRecipes, "lory");
  const gate = gateOf(recipe);
  const { input } = route(recipe, { shape });
  const firstOnly = hostMatrix([4, 8], Array.from({ length: 32 }, (_, i) => i < 8 ? i * i : 0));
  const others = hostMatrix([4, 8], Array.from({ length: 32 }, (_, i) => i < 8 ? 0 : Math.sin(i)));
  const gradient = (by: typeof firstOnly) =>
    surrogateGradient(
      (g, w) => {
        const gated = gate.route({ g, w, state: {}, shape, input, training: true });
        return g.total(g.map("multiply", dispatched(gated, "merged").weights, by));
      },
      drawn(gate.parameters(shape), "weights"),
      { seed: 1 },
    ).gradients.router;
  assert(gradient(firstOnly).every((v) => v === 0));
  assert(gradient(others).some((v) => Math.abs(v) > 1e-3));
});

Deno.test("segments divide a sequence, and a causal gate has four at least", () => {
  const spec = { kind: "merge", over: "segment", length: 256, causal: true } as const;
  assertEquals(segmentLength(spec, { length: 4096 }), 256);
  assertEquals(segmentLength(spec, { length: 64 }), 16);
  assertEquals(segmentLength(spec, { length: 30 }), 6);
  assertEquals(segmentLength(spec, { length: 3 }), 1);
  assertEquals(segmentLength({ ...spec, causal: false }, { length: 64 }), 64);
  assertEquals(segmentLength({ ...spec, over: "sequence", causal: false }, { length: 9 }), 9);
});

Deno.test("a merge of k experts holds the best k of the sequence", () => {
  const all = rowsOf(merged("smear").weights);
  const best = rowsOf(merged("meo").weights);
  best.forEach((row, s) => {
    const ranked = all[s].map((_, e) => e).sort((a, b) => all[s][b] - all[s][a]);
    const [a, b] = ranked;
    assertAlmostEquals(row[a] / row[b], all[s][a] / all[s][b], 1e-9);
  });
});

Deno.test("weights do not depend on token ids or tags", () => {
  const tokens = hostIndices([T, 1], new Uint32Array(T).fill(7));
  assertEquals(merged("smear", { tokens }).weights.data, merged("smear").weights.data);
});
