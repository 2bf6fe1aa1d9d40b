/** Walks all recipes: what must hold for any of them, by its fields alone. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NONE } from "../../../core/arrays/arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { capacityOf } from "../../../core/gates/cap/capacity.ts";
import { fittingExperts } from "../../../core/gates/check.ts";
import { choicesOf } from "../../../core/gates/pipeline.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { gateRecipes, recipeById } from "../../../core/gates/recipes.ts";
import { expertRanges } from "../../../core/gates/zero_experts.ts";
import { countsOf, dispatched, route, rowsOf, smallShape, sum } from "./host_route.ts";

const use = { ...smallShape, causal: false };
const shapeOf = (recipe: GateRecipe) => ({
  ...smallShape,
  experts: fittingExperts(recipe, use),
});

type Case = ReturnType<typeof route>;
const cases = new Map<string, Case>();

/** A case as it was made before: all properties see the same ones. */
function once(recipe: GateRecipe, { seed, training }: { seed: number; training: boolean }): Case {
  const key = `${recipe.id} ${seed} ${training}`;
  const known = cases.get(key) ?? route(recipe, { seed, training, shape: shapeOf(recipe) });
  cases.set(key, known);
  return known;
}

/** Runs a property some times for each recipe. */
function walk(
  wanted: (recipe: GateRecipe) => boolean,
  check: (recipe: GateRecipe, options: { seed: number; training: boolean }) => void,
  numRuns = 10,
) {
  const recipes = gateRecipes.filter(wanted);
  assert(recipes.length > 0);
  for (const recipe of recipes) {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.boolean(), (seed, training) => {
        try {
          check(recipe, { seed, training });
        } catch (error) {
          throw new Error(`${recipe.id}: ${(error as Error).message}`, { cause: error });
        }
      }),
      { seed: 1, numRuns },
    );
  }
}

const finite = (data: ArrayLike<number>) => Array.from(data).every(Number.isFinite);

Deno.test("every recipe gives finite weights, losses and states", () => {
  walk(() => true, (recipe, options) => {
    const { gated } = once(recipe, options);
    const { dispatch } = gated;
    const matrices = dispatch.kind === "slots"
      ? [dispatch.mix, dispatch.combine]
      : [dispatch.weights];
    for (const { data } of matrices) {
      assert(finite(data) && data.every((v) => v >= 0));
      assert(data.some((v) => v > 0));
    }
    for (const { name, value } of gated.losses) {
      assertEquals([name, value.shape], [name, [1, 1]]);
      assert(finite(value.data), name);
    }
    for (const { data } of Object.values(gated.state)) assert(finite(data));
    assert(options.training || Object.keys(gated.state).length === 0);
  });
});

Deno.test("scores of every recipe are shares of routed experts", () => {
  walk(() => true, (recipe, options) => {
    const shape = shapeOf(recipe);
    const { scores, logits } = once(recipe, options).gated;
    if (logits) assertEquals(logits.shape, [shape.tokens, shape.experts]);
    if (!scores) return;
    assertEquals(scores.shape, [shape.tokens, shape.experts]);
    for (const row of rowsOf(scores)) assert(row.every((s) => s >= 0) && sum(row) <= 1 + 1e-9);
  });
});

Deno.test("chosen experts are distinct networks, and no one has no weight", () => {
  const repeats = ["product-key", "random"];
  walk(
    () => true,
    (recipe, options) => {
      const shape = shapeOf(recipe);
      const { dispatch } = once(recipe, options).gated;
      if (dispatch.kind !== "choice") return;
      const { networks } = expertRanges(recipe, shape.experts);
      const weights = rowsOf(dispatch.weights);
      assertEquals(dispatch.ids.shape, dispatch.weights.shape);
      // How many are above zero is aimed at, not given.
      const many = recipe.select.kind === "above-zero" ? shape.experts : choicesOf(recipe, shape);
      assertEquals(dispatch.ids.shape, [shape.tokens, many]);
      rowsOf(dispatch.ids).forEach((row, t) => {
        const chosen = row.filter((id) => id !== NONE);
        assert(chosen.every((id) => id < networks));
        if (!repeats.includes(recipe.select.kind)) {
          assertEquals(new Set(chosen).size, chosen.length);
        }
        row.forEach((id, k) => assert(id !== NONE || weights[t][k] === 0));
      });
    },
  );
});

Deno.test("weights over the chosen sum to the scale, weights over all to no more", () => {
  const whole = ({ weigh }: GateRecipe) =>
    (weigh.kind === "softmax" && weigh.over === "chosen") ||
    (weigh.kind === "sigmoid" && weigh.normalised);
  walk(
    ({ cap, zeroExperts, weigh }) =>
      cap === undefined && zeroExperts === undefined && weigh.kind !== "chosen" &&
      weigh.kind !== "relu" && !(weigh.kind === "sigmoid" && !weigh.normalised),
    (recipe, options) => {
      const { dispatch } = once(recipe, options).gated;
      if (dispatch.kind !== "choice") return;
      const ids = rowsOf(dispatch.ids);
      rowsOf(dispatch.weights).forEach((row, t) => {
        const scale = recipe.scale ?? 1;
        assert(sum(row) <= scale + 1e-9);
        const random = recipe.select.kind === "random-second";
        const nobody = ids[t].every((id) => id === NONE);
        if (whole(recipe) && !random && !nobody) assertAlmostEquals(sum(row), scale, 1e-9);
      });
    },
  );
});

Deno.test("no expert gets more than it has room for, and none is sent what was not wanted", () => {
  walk(({ cap }) => cap?.kind === "factor", (recipe, { seed, training }) => {
    const shape = shapeOf(recipe);
    const topK = choicesOf(recipe, shape);
    assert(recipe.cap !== undefined);
    const room = capacityOf(recipe.cap, { ...shape, topK }, { training });
    const { gated } = once(recipe, { seed, training });
    const { ids } = dispatched(gated, "choice");
    assert(gated.wanted !== undefined);
    ids.data.forEach((id, i) => assert(id === NONE || id === gated.wanted?.data[i]));
    for (let first = 0; first < shape.tokens; first += room.tokens) {
      const part = ids.data.slice(first * topK, (first + room.tokens) * topK);
      const counts = countsOf({ shape: [part.length, 1], data: part }, shape.experts);
      assert(Math.max(...counts) <= room.places);
    }
  });
});

Deno.test("without a cap every choice is served", () => {
  walk(({ cap, zeroExperts }) => cap === undefined && zeroExperts === undefined, (recipe, o) => {
    const { dispatch, wanted } = once(recipe, o).gated;
    if (dispatch.kind === "choice") assertEquals(dispatch.ids, wanted);
  });
});

Deno.test("what a causal gate wants for a token does not depend on tokens after it", () => {
  walk(({ causal }) => causal, (recipe, { seed }) => {
    const shape = shapeOf(recipe);
    const { gated, input } = once(recipe, { seed, training: false });
    const late = hostMatrix(
      input.x.shape,
      input.x.data.map((v, i) => Math.floor(i / shape.dModel) % shape.length >= 5 ? -v : v),
    );
    const other = route(recipe, { seed, shape, training: false, x: late }).gated;
    if (gated.wanted === undefined || other.wanted === undefined) return;
    const rows = rowsOf(gated.wanted);
    rowsOf(other.wanted).forEach((row, t) => {
      if (t % shape.length < 5) assertEquals(row, rows[t]);
    });
    if (recipe.cap !== undefined || gated.dispatch.kind !== "choice") return;
    const weights = rowsOf(gated.dispatch.weights);
    rowsOf(dispatched(other, "choice").weights).forEach((row, t) => {
      if (t % shape.length < 5) assertEquals(row, weights[t]);
    });
  }, 3);
});

Deno.test("where it is used, a gate draws no noise", () => {
  walk(
    ({ select, cap }) =>
      select.kind !== "random" && (cap?.kind !== "factor" || cap.order !== "random"),
    (recipe, { seed }) => {
      const shape = shapeOf(recipe);
      const later = route(recipe, { seed, step: 1, shape, training: false }).gated;
      assertEquals(later.dispatch, once(recipe, { seed, training: false }).gated.dispatch);
    },
    3,
  );
});

Deno.test("a bias of the choice moves choices, and no weight of what is chosen", () => {
  const row = recipeById("loss-free");
  const state = { bias: hostMatrix([1, 8], [1, 0, 0, 0, -1, 0, 0, 0]) };
  const { gated, w, input, shape } = route(row, { state });
  const { ids, weights } = dispatched(gated, "choice");
  const counts = countsOf(ids, 8);
  assertEquals([counts[0], counts[4]], [shape.tokens, 0]);
  const router = rowsOf(w.router);
  rowsOf(ids).forEach((chosen, t) => {
    const x = rowsOf(input.x)[t];
    const open = chosen.map((e) => 1 / (1 + Math.exp(-sum(x.map((v, d) => v * router[d][e])))));
    const wanted = open.map((v) => v / sum(open));
    rowsOf(weights)[t].forEach((v, k) => assertAlmostEquals(v, wanted[k], 1e-9));
  });
});

Deno.test("an unknown recipe is refused with the nearest one", () => {
  assertThrows(() => recipeById("mixtrall"), TypeError, 'did you mean "mixtral"?');
});
