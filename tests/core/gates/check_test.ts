import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  checkRecipe,
  fittingExperts,
  recipeRefusal,
  type RecipeUse,
} from "../../../core/gates/check.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { gateRecipes, recipeById } from "../../../core/gates/recipes.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { rowWith } from "./host_gate.ts";

const use: RecipeUse = {
  experts: 8,
  causal: true,
  tokens: 64,
  length: 16,
  vocabulary: 50,
  tags: 4,
};

const refused = (recipe: GateRecipe, changed: Partial<RecipeUse>, words: string) => {
  const message = `Gate "${recipe.id}": ${words}`;
  assertThrows(() => checkRecipe(recipe, { ...use, ...changed }), UserError, message);
};

Deno.test("every recipe serves a model of its kind, and none with tokens ahead a decoder", () => {
  for (const recipe of gateRecipes) {
    const experts = fittingExperts(recipe, { ...use, causal: false });
    assert(Math.abs(experts - 8) <= 1, recipe.id);
    assertEquals(recipeRefusal(recipe, { ...use, experts, causal: recipe.causal }), undefined);
    if (!recipe.causal) refused(recipe, { experts }, "in a causal decoder");
  }
});

Deno.test("a refusal of a decoder names the nearest gate that can serve", () => {
  const words = "in a causal decoder a token's experts would depend on tokens after it; " +
    'nearest gate that can: "task-level-moe"';
  refused(recipeById("sentence-level"), {}, words);
});

Deno.test("too few experts, uneven groups and odd numbers are refused with what works", () => {
  refused(recipeById("dbrx"), { experts: 3 }, "the best 4 of 3 experts were chosen, wanted 1 to 3");
  refused(recipeById("m6-t"), { experts: 7 }, "7 experts were split into 2 equal groups");
  refused(recipeById("hierarchical"), { experts: 6 }, "6 experts were split into 4 equal groups");
  refused(recipeById("dselect-k"), { experts: 12 }, "binary codes found 12 experts");
  refused(recipeById("peer"), { experts: 8 }, "product keys found 8 experts, wanted a square");
  refused(recipeById("adamoe"), { experts: 2 }, "the best 3 of 2 experts were chosen");
});

Deno.test("no room for one token, and devices of several sizes, are refused", () => {
  const tight = {
    ...recipeById("switch"),
    cap: { kind: "factor", factor: 0.05, order: "sequence" },
  };
  refused(tight as GateRecipe, {}, 'gave room by "factor" with a factor of 0.05');
  const devices = { kind: "device", weight: 1, devices: 3 } as const;
  refused({ ...recipeById("mixtral"), balance: [devices] }, {}, "spread 8 experts over 3 devices");
});

Deno.test("ids without a vocabulary, and batches of broken sequences, are refused", () => {
  refused(recipeById("hash"), { vocabulary: 0 }, "a hash of ids found a vocabulary of 0");
  refused(recipeById("stable-moe"), { vocabulary: 0 }, "a router on token ids found");
  refused(recipeById("mmoe"), { tags: 0 }, "a gate for each tag found 0 tags");
  refused(
    recipeById("mixtral"),
    { tokens: 60 },
    "60 tokens are no whole number of sequences of 16",
  );
});

Deno.test("stages that do not go together are refused", () => {
  const [linear, top] = [{ kind: "linear" }, { kind: "top-k", k: 1 }] as const;
  const all = { kind: "softmax", over: "all" } as const;
  const keys = { kind: "product-key", width: 4, heads: 1 } as const;
  refused(rowWith({ score: keys, select: top, weigh: all }), {}, 'scores "product-key" met');
  const none = { kind: "none" } as const;
  refused(rowWith({ score: none, select: { kind: "tag" }, weigh: all }), {}, 'weights "softmax"');
  const set = { ...linear, of: "tag", residual: true } as const;
  refused(rowWith({ score: set, select: top, weigh: all }), {}, "logits of the layer before");
  const embedding = { kind: "embedding", width: 4, of: "sequence" } as const;
  refused(rowWith({ score: embedding, select: top, weigh: all }), {}, 'scores "embedding" are of');
  const nothing = rowWith({ score: linear, select: top, weigh: all, zeroExperts: { null: 8 } });
  refused(nothing, {}, "8 of 8 experts are no networks; wanted at least 9 experts");
});

Deno.test("the nearest number of experts that works is found", () => {
  assertEquals(fittingExperts(recipeById("dselect-k"), { ...use, experts: 12 }), 8);
  assertEquals(fittingExperts(recipeById("peer"), { ...use, experts: 5 }), 4);
  assertThrows(() => fittingExperts(recipeById("expert-choice"), use), UserError, "causal decoder");
});
