import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostIndices, type HostMatrix } from "../../../core/arrays/host_matrix.ts";
import {
  expertLayer,
  expertLayerParameters,
  expertLayerStates,
  shapesOf,
} from "../../../core/experts/layer.ts";
import { productKeyGate } from "../../../core/experts/product_key_gate.ts";
import type { ExpertRecipe } from "../../../core/experts/recipe.ts";
import { expertRecipeById } from "../../../core/experts/recipes.ts";
import { gateOf } from "../../../core/gates/pipeline.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { assertSame, normal, RUNS } from "./cases.ts";

const shape = {
  ...{ dModel: 4, experts: 4, topK: 2, width: 4, tokens: 6, length: 3, vocabulary: 6 },
  ...{ tags: 1, layer: 0, layers: 1 },
};

function layer(recipe: ExpertRecipe, name: string, x: HostMatrix, earlier?: HostMatrix) {
  const drawn = (all: ReturnType<typeof expertLayerParameters>) =>
    Object.fromEntries(
      Object.entries(all).map(([key, { shape }]) => [key, normal(`${name} ${key}`, shape)]),
    );
  const ids = hostIndices([6, 1], [0, 1, 2, 3, 4, 5]);
  const tags = hostIndices([6, 1], [0, 0, 0, 0, 0, 0]);
  return expertLayer({
    ...{ g: hostArrays({ seed: 1 }), training: true, shape },
    w: drawn(expertLayerParameters(recipe, shape)),
    state: drawn(expertLayerStates(recipe, shape)),
    input: { x, tokens: ids, before: ids, tags },
    ...earlier && { earlier: { input: earlier, middle: earlier, output: earlier } },
  }, recipe);
}

Deno.test("ScMoE: gate and routed experts read the layer before, and nothing of this one", () => {
  const recipe = { ...expertRecipeById("experts-shortcut"), beside: undefined };
  fc.assert(
    fc.property(fc.string(), (name) => {
      const [x, other, before] = ["x", "other", "before"].map((one) =>
        normal(`${name} ${one}`, [6, 4])
      );
      const [one, two] = [x, other].map((own) => layer(recipe, name, own, before));
      assertSame(two.y, one.y, "y");
      assert(one.gated.wanted && two.gated.wanted);
      assertEquals(two.gated.wanted.data, one.gated.wanted.data);
      const here = layer({ ...recipe, reads: "here" }, name, before);
      assertSame(one.y, here.y, "as if the layer before were this one");
    }),
    RUNS,
  );
  assertThrows(() => layer(recipe, "none", normal("x", [6, 4])), RangeError, "layer before");
});

Deno.test("retrieval by product keys chooses and weighs as the gate that scores all", () => {
  const recipe = recipeById("peer");
  const gates = [productKeyGate(recipe), gateOf(recipe)];
  const sized = { ...shape, experts: 9 };
  fc.assert(
    fc.property(fc.string(), (name) => {
      const [found, wanted] = gates.map((gate) => {
        const ids = hostIndices([6, 1], [0, 0, 0, 0, 0, 0]);
        const w = Object.fromEntries(
          Object.entries(gate.parameters(sized)).map(([key, { shape }]) => [
            key,
            normal(`${name} ${key}`, shape),
          ]),
        );
        const { dispatch } = gate.route({
          ...{ g: hostArrays({ seed: 1 }), w, state: {}, shape: sized, training: true },
          input: { x: normal(name, [6, 4]), tokens: ids, before: ids, tags: ids },
        });
        assert(dispatch.kind === "choice");
        return dispatch;
      });
      assertEquals(found.ids.data, wanted.ids.data);
      assertSame(found.weights, wanted.weights, name);
    }),
    { seed: 1, numRuns: 50 },
  );
  assertThrows(() => productKeyGate(recipeById("switch")), RangeError, '"switch"');
});

Deno.test("cut experts are more and narrower, and gates have the number nearest to what they can", () => {
  const fine = shapesOf(expertRecipeById("experts-fine-grained"), shape);
  assertEquals([fine.experts.experts, fine.experts.width], [8, 2]);
  const odd = { ...shape, experts: 8 };
  assertEquals(shapesOf(expertRecipeById("experts-peer"), odd).gate.experts, 121);
  const zero = shapesOf(expertRecipeById("experts-zero"), shape);
  assertEquals([zero.gate.experts, zero.experts.experts], [8, 4]);
  assertThrows(
    () => expertLayerParameters(expertRecipeById("experts-fine-grained"), { ...shape, width: 3 }),
    UserError,
    "wanted a multiple of 2",
  );
});
