import { assertEquals, assertThrows } from "@std/assert";
import { countProgram, expertLayerProgram } from "../../../core/experts/layer_program.ts";
import { shapesOf } from "../../../core/experts/layer.ts";
import { placementById, placementIn, placementRecipes } from "../../../core/experts/placements.ts";
import { expertRecipeById, expertRecipes } from "../../../core/experts/recipes.ts";
import { expertFlops } from "../../../core/experts/table.ts";
import { layersOf } from "../../../core/spec/layers.ts";
import { readModel } from "../../../core/spec/schema.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { type AnyOp, flops } from "../../../kernels/base/op.ts";

const shape = {
  ...{ dModel: 16, experts: 4, topK: 2, width: 8, tokens: 36, length: 36, imageRows: 6 },
  ...{ vocabulary: 4, tags: 1, layer: 0, layers: 1 },
};

const products = (ops: readonly AnyOp[]) =>
  ops.filter(({ kind }) => kind.startsWith("gemm")).reduce((sum, op) => sum + flops(op), 0);

/** Products of a layer without those of its gate. */
function counted(id: string) {
  const { forward, backward } = countProgram(expertLayerProgram(expertRecipeById(id), shape));
  return { forward: products(forward), backward: products(backward) };
}

Deno.test("counted products are those of the formula with all experts, and the router's", () => {
  const router = 2 * 16 * 4;
  for (
    const id of ["ffn-relu", "ffn-swiglu", "experts-residual", "experts-cmr", "experts-shortcut"]
  ) {
    const recipe = expertRecipeById(id);
    const { experts } = shapesOf(recipe, shape);
    const formula = expertFlops(recipe, experts, experts.experts) + router;
    assertEquals(counted(id).forward, 36 * formula, id);
  }
  const recipe = expertRecipeById("experts-two-layer");
  const { experts } = shapesOf(recipe, shape);
  // One decision for the image: its mean is scored once.
  assertEquals(counted("experts-two-layer").forward, 36 * expertFlops(recipe, experts, 4) + router);
});

Deno.test("a gradient takes twice the products of the forward pass", () => {
  for (const { id } of expertRecipes.filter(({ where }) => where === "network")) {
    const { forward, backward } = counted(id);
    // Constant matrices get no gradient: spreading and gathering count once, choices not at all.
    if (["experts-hyper", "experts-zero"].includes(id)) continue;
    assertEquals(backward, 2 * forward, id);
  }
});

Deno.test("kinds say what a token costs: more experts cost more, none cost what is shared", () => {
  for (const recipe of expertRecipes) {
    const { experts } = shapesOf(recipe, shape);
    const at = (chosen: number) => expertFlops(recipe, experts, chosen);
    const [none, one, two] = [at(0), at(1), at(2)];
    assertEquals(two - one, one - none, recipe.id);
    assertEquals(one > none, true, recipe.id);
  }
});

Deno.test("placements: which layers of twelve have experts, and how many", () => {
  const found = Object.fromEntries(placementRecipes.map((recipe) => {
    const placement = placementIn(recipe, { layers: 12, experts: 8 });
    const model = readModel({
      ...{ id: "twelve", name: "twelve", layers: 12, dModel: 16, norm: {} },
      attention: { kind: "mha", heads: 1, headDim: 16 },
      embedding: { vocab: 16, tied: true },
      ffn: { width: 16, activation: "swiglu" },
      moe: { experts: 8, topK: 2, width: 8, activation: "swiglu", placement },
    }, "a test");
    return [recipe.id, layersOf(model).map(({ experts }) => experts).join("")];
  }));
  assertEquals(found, {
    "every-layer": "888888888888",
    "every-second": "080808080808",
    "every-fourth": "000800080008",
    "all-but-first": "088888888888",
    "pyramid": "444444888888",
    "last-even": "000000000808",
    "first-half": "888888000000",
    "second-half": "000000888888",
    "irregular": "800808008080",
  });
  const fourth = placementById("every-fourth");
  assertThrows(() => placementIn(fourth, { layers: 2, experts: 8 }), UserError, "wanted 4 or more");
  assertThrows(() => placementById("piramid"), UserError, "pyramid");
});
