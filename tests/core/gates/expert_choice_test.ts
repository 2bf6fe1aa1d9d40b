import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { NONE } from "../../../core/arrays/arrays.ts";
import { expertChoiceRecipes } from "../../../core/gates/recipes/expert_choice.ts";
import { tokensAnExpert } from "../../../core/gates/select/expert_choice.ts";
import { countsOf, dispatched, route, rowOf, rowsOf, sum } from "./host_route.ts";

const sequences = <T>(rows: T[], length: number) =>
  Array.from({ length: rows.length / length }, (_, s) => rows.slice(s * length, (s + 1) * length));

const shapes = fc.record({
  experts: fc.integer({ min: 2, max: 8 }),
  length: fc.constantFrom(8, 16),
  seed: fc.integer({ min: 1, max: 1000 }),
});

Deno.test("every expert takes the same number of tokens of every sequence", () => {
  fc.assert(
    fc.property(shapes, ({ experts, length, seed }) => {
      const row = rowOf(expertChoiceRecipes, "expert-choice");
      const { gated } = route(row, { seed, shape: { experts, length } });
      const { ids } = dispatched(gated, "choice");
      const count = tokensAnExpert(2, { length, experts });
      for (const rows of sequences(rowsOf(ids), length)) {
        for (let e = 0; e < experts; e++) {
          assertEquals(rows.filter((row) => row.includes(e)).length, count);
        }
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("an expert takes its best tokens, weighed by their scores", () => {
  const { gated, shape: { length } } = route(rowOf(expertChoiceRecipes, "expert-choice"));
  const { ids, weights } = dispatched(gated, "choice");
  const scores = rowsOf(gated.scores!);
  const [chosen, weight] = [rowsOf(ids), rowsOf(weights)];
  for (let first = 0; first < chosen.length; first += length) {
    for (let e = 0; e < 8; e++) {
      const taken: number[] = [];
      const left: number[] = [];
      for (let t = first; t < first + length; t++) {
        const at = chosen[t].indexOf(e);
        if (at >= 0) assertAlmostEquals(weight[t][at], scores[t][e], 1e-12);
        (at >= 0 ? taken : left).push(scores[t][e]);
      }
      assert(Math.min(...taken) >= Math.max(...left));
    }
  }
  assert(ids.data.includes(NONE));
});

Deno.test("weights of upcycled vision models sum to 1 wherever a token is taken", () => {
  const { gated } = route(rowOf(expertChoiceRecipes, "sparse-upcycling-vision"));
  const { ids, weights } = dispatched(gated, "choice");
  const chosen = rowsOf(ids);
  rowsOf(weights).forEach((row, t) => {
    assertAlmostEquals(sum(row), chosen[t].every((e) => e === NONE) ? 0 : 1, 1e-9);
  });
});

const capped = (
  { capacity, most }: { capacity: number; most: number },
  options: Parameters<typeof route>[1],
) => {
  const row = rowOf(expertChoiceRecipes, "expert-choice-capped");
  const select = { kind: "expert-choice", capacity, most } as const;
  const { ids } = dispatched(route({ ...row, select }, options).gated, "choice");
  assertEquals(ids.shape[1], Math.min(most, 8));
  for (const row of rowsOf(ids)) {
    const own = row.filter((e) => e !== NONE);
    assertEquals(new Set(own).size, own.length);
  }
  return countsOf(ids, 8);
};

Deno.test("with a cap no token is taken more often, and with some room loads are still equal", () => {
  fc.assert(
    fc.property(shapes, fc.constantFrom(1, 2), ({ length, seed }, capacity) => {
      const loads = capped({ capacity, most: capacity + 1 }, { seed, shape: { length } });
      const count = tokensAnExpert(capacity, { length, experts: 8 }) * 32 / length;
      assertEquals(loads, new Array(8).fill(count));
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("a cap without room to spare loses a sixth of what cutting the surplus would", () => {
  let [lost, cut] = [0, 0];
  for (let seed = 1; seed <= 20; seed++) {
    const loads = capped({ capacity: 1, most: 1 }, { seed });
    assert(loads.every((n) => n <= 4), `${loads}`);
    lost += 32 - sum(loads);
    const free = route(rowOf(expertChoiceRecipes, "brainformers"), { seed });
    const uncapped = rowsOf(dispatched(free.gated, "choice").ids);
    cut += sum(uncapped.map((row) => Math.max(0, row.filter((e) => e !== NONE).length - 1)));
  }
  assert(lost < cut / 6, `lost ${lost}, cutting loses ${cut}`);
});

Deno.test("a layer takes its share of each sequence's tokens, and predicts which", () => {
  const [plain, predicted] = ["mixture-of-depths", "mixture-of-depths-predicted"].map((id) =>
    rowOf(expertChoiceRecipes, id)
  );
  const { gated, shape: { length }, input, w } = route(plain);
  const { ids, weights } = dispatched(gated, "choice");
  const logit = rowsOf(input.x).map((x) => sum(x.map((v, d) => v * w.depth_router.data[d])));
  for (let first = 0; first < 32; first += length) {
    const rows = rowsOf(ids).slice(first, first + length);
    const taken = rows.flatMap((row, t) => row.every((e) => e !== NONE) ? [t] : []);
    assertEquals(taken.length, 1);
    assertEquals(rows.filter((row) => row.some((e) => e !== NONE)).length, 1);
    const own = logit.slice(first, first + length);
    assertEquals(own[taken[0]], Math.max(...own));
    const share = 1 / (1 + Math.exp(-own[taken[0]]));
    assertAlmostEquals(sum(rowsOf(weights)[first + taken[0]]), share, 1e-12);
  }
  // In use a token is told by its own logit.
  const used = dispatched(route(predicted, { training: false }).gated, "choice");
  rowsOf(used.ids).forEach((row, t) => assertEquals(row[0] !== NONE, logit[t] > 0));
  // Cross-entropy of being taken.
  const trained = route(predicted).gated;
  const isTaken = rowsOf(dispatched(trained, "choice").ids).map((row) => row[0] !== NONE);
  const nats = logit.map((z, t) => Math.log1p(Math.exp(isTaken[t] ? -z : z)));
  const [{ value }] = trained.losses;
  assertAlmostEquals(value.data[0], 0.01 * sum(nats) / nats.length, 1e-12);
});

Deno.test("rows that see later tokens say so, and name one that does not", () => {
  for (const row of expertChoiceRecipes.filter(({ causal }) => !causal)) {
    const nearest = expertChoiceRecipes.find(({ id }) => id === row.nearest);
    assert(nearest?.causal, row.id);
  }
});
