import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { surrogateGradient } from "../../../core/arrays/central_differences.ts";
import type { HostArrays } from "../../../core/arrays/host_arrays.ts";
import { type HostMatrix, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { gateOf } from "../../../core/gates/pipeline.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { gateRecipes, recipeById, recipeLine } from "../../../core/gates/recipes.ts";
import { tokenChoiceRecipes } from "../../../core/gates/recipes/token_choice.ts";
import { tokenChoiceModelRecipes } from "../../../core/gates/recipes/token_choice_models.ts";
import { tokenChoiceScoreRecipes } from "../../../core/gates/recipes/token_choice_scores.ts";
import { route } from "./host_route.ts";

Deno.test("ids are unique, lower case with hyphens, and nearest recipes serve a decoder", () => {
  assertEquals(new Set(gateRecipes.map(({ id }) => id)).size, gateRecipes.length);
  for (const { id, arxiv, section, idea, causal, nearest } of gateRecipes) {
    assert(/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(id), id);
    assert(arxiv === null || /^\d{4}\.\d{5}$|^\d{4}\.\d{4}$/.test(arxiv), id);
    assert(/^\d(\.\d)*$|^later$/.test(section), `${id} ${section}`);
    assert(idea.endsWith(".") && idea.length < 200, id);
    if (causal) continue;
    assert(nearest !== undefined, id);
    assert(recipeById(nearest).causal, id);
  }
});

Deno.test("what no source confirms names a field that the recipe has, or leaves open", () => {
  const fields = ["score", "select", "weigh", "cap", "balance", "scale", "shared", "zeroExperts"];
  for (const { id, unverified = {} } of gateRecipes) {
    for (const [path, value] of Object.entries(unverified)) {
      assert([...fields, "training", "decoding"].includes(path.split(".")[0]), `${id} ${path}`);
      assert(value.length > 0, `${id} ${path}`);
    }
  }
});

Deno.test("coefficients of table 1 of the survey", () => {
  const weights = (id: string) =>
    recipeById(id).balance.map((spec) => [spec.kind, "weight" in spec ? spec.weight : NaN]);
  const both = [["importance", 0.1], ["load", 0.1]];
  for (const id of ["noisy-top-k", "v-moe"]) assertEquals(weights(id), both, id);
  for (const id of ["gshard", "switch", "glam", "mixtral", "dbrx", "jamba", "deepseek-moe"]) {
    assertEquals(weights(id), [["balance", 0.01]], id);
  }
  for (const id of ["st-moe", "openmoe", "moa", "jetmoe"]) {
    assertEquals(weights(id), [["balance", 0.01], ["z", 0.001]], id);
  }
  for (const id of ["mod-squad", "moduleformer", "ds-moe"]) {
    assertEquals(weights(id), [["mutual-information", 0.001]], id);
  }
});

Deno.test("the works of section 4.1.1 on trained token choice are rows", () => {
  const arxiv = [
    ...["1701.06538", "2006.16668", "2101.03961", "2112.06905", "2202.01169", "2202.08906"],
    ...["2105.15082", "2106.05974", "2109.10465", "2402.01739", "2103.16716", "2106.03760"],
    ...["2110.03742", "2207.04672", "2205.12701", "2206.04674", "2204.09179", "2406.10260"],
    ...["2406.06563", "2405.17976", "2406.13233", "2405.14297", "2405.14507", "2204.08396"],
    ...["2212.08066", "2306.04640", "2404.05567", "2401.04088", "2403.19887", "2401.06066"],
    ...["2404.07413", "2210.05144"],
  ];
  const rows = [...tokenChoiceRecipes, ...tokenChoiceScoreRecipes, ...tokenChoiceModelRecipes];
  const known = new Set(rows.map((recipe) => recipe.arxiv));
  assertEquals(arxiv.filter((id) => !known.has(id)), []);
});

Deno.test("a recipe in one line names its stages", () => {
  assertEquals(
    recipeLine(recipeById("switch")),
    "switch: linear (noise jitter (width 0.01)) > top-k (k 1) > softmax (over all) > " +
      "factor (factor 1.25, order sequence) > balance (weight 0.01)",
  );
});

/** The sum of weights times fixed numbers, plus losses: what gates are differentiated of. */
function measured(recipe: GateRecipe, { shape, input, state }: ReturnType<typeof route>) {
  const gate = gateOf(recipe);
  return (g: HostArrays, w: Readonly<Record<string, HostMatrix>>) => {
    const { dispatch, losses } = gate.route({ g, w, state, shape, input, training: true });
    assert(dispatch.kind === "choice");
    const { shape: [T, K] } = dispatch.weights;
    const by = g.constant(
      "numbers",
      [T, K],
      () => Float64Array.from({ length: T * K }, (_, i) => Math.sin(7 * i)),
    );
    const value = g.total(g.map("multiply", dispatch.weights, by));
    return losses.reduce((sum, loss) => g.map("add", sum, loss.value), value);
  };
}

Deno.test("every parameter of every trained gate gets a gradient", () => {
  const rows = [...tokenChoiceRecipes, ...tokenChoiceScoreRecipes, ...tokenChoiceModelRecipes];
  for (const recipe of rows) {
    const routed = route(recipe, { shape: { tokens: 16 } });
    const of = measured(recipe, routed);
    // Each parameter moves along one direction, all its entries by other numbers.
    const steps = Object.fromEntries(
      Object.keys(routed.w).map((name) => [name, hostMatrix([1, 1], [0])]),
    );
    const { gradients } = surrogateGradient(
      (g, by) => {
        const moved = Object.entries(routed.w).map(([name, { shape, data }]) => {
          const way = hostMatrix(shape, data.map((_, i) => Math.cos(1 + 3 * i)));
          const w = hostMatrix(shape, data);
          return [name, g.map("add", w, g.map("multiply", by[name], way))];
        });
        return of(g, Object.fromEntries(moved));
      },
      steps,
      { seed: 1 },
    );
    for (const [name, [slope]] of Object.entries(gradients)) {
      assert(Number.isFinite(slope) && Math.abs(slope) > 1e-7, `${recipe.id} ${name} ${slope}`);
    }
  }
});

Deno.test("the gradient of a softmax over the chosen two goes to their experts' columns alone", () => {
  const recipe = { ...recipeById("mixtral"), balance: [] };
  const routed = route(recipe, { shape: { tokens: 1, length: 1, dModel: 2 } });
  const { gradients } = surrogateGradient(measured(recipe, routed), routed.w, { seed: 1 });
  const { dispatch } = routed.gated;
  assert(dispatch.kind === "choice");
  for (let e = 0; e < 8; e++) {
    const column = [gradients.router[e], gradients.router[8 + e]];
    if (!dispatch.ids.data.includes(e)) column.forEach((v) => assertAlmostEquals(v, 0, 1e-9));
    else assert(Math.hypot(...column) > 1e-3);
  }
});
