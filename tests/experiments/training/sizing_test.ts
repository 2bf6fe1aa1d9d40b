import { assert, assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { gateRecipes, recipeById } from "../../../core/gates/recipes.ts";
import { parameters } from "../../../core/spec/params.ts";
import { flopsPerToken } from "../../../core/spec/flops.ts";
import { arenaOf, seedsFrom, sizeParameters } from "../../../experiments/training/arena.ts";
import { gateShapeOf } from "../../../experiments/training/router_size.ts";
import { denseRuns, sizedRuns } from "../../../experiments/training/sized_runs.ts";
import {
  fitWidth,
  layerFlopsOf,
  layerParameters,
} from "../../../experiments/training/sizing/layer_size.ts";
import { planLayer } from "../../../experiments/training/sizing/plan_layer.ts";
import { usageOf } from "../../../experiments/training/sizing/usage.ts";

const values = Object.fromEntries(
  Object.entries(sizeParameters).map(([name, { quick }]) => [name, quick]),
) as { -readonly [K in keyof typeof sizeParameters]: number };
const arena = arenaOf(values);
const shape = gateShapeOf({
  model: sizedModel("mixtral"),
  training: arena.training,
});

function sizedModel(id: string) {
  const [run] = sizedRuns(arena, recipeById(id), { equal: "flops", objective: "next", seeds: [1] });
  assert(!("outcome" in run), id);
  return run.model;
}

Deno.test("a width is fitted to the nearest multiple of 8, and the ratio says what that left", () => {
  const usage = { passes: 2, merged: 0, slots: 0, depends: false };
  const plan = {
    ...{ dModel: 64, networks: 8, shared: 1, usage, gateParameters: 512, gateFlops: 1024 },
  };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (eighths) => {
      for (
        const [equal, of] of [["flops", layerFlopsOf], ["parameters", layerParameters]] as const
      ) {
        const wanted = of(plan, 8 * eighths);
        assertEquals(fitWidth(plan, { equal, wanted, most: 512 }), {
          width: 8 * eighths,
          ratio: 1,
        });
        const near = fitWidth(plan, { equal, wanted: of(plan, 8 * eighths + 3), most: 512 });
        assertEquals(near.width, 8 * eighths);
      }
    }),
    { seed: 1, numRuns: 60 },
  );
  assertEquals(fitWidth(plan, { equal: "flops", wanted: 0, most: 512 }).width, 8);
  assertEquals(fitWidth(plan, { equal: "flops", wanted: 1e12, most: 100 }).width, 96);
  const options = { equal: "flops", wanted: 1, most: 7 } as const;
  assertThrows(() => fitWidth(plan, options), RangeError, "wanted from 8");
});

Deno.test("the control is counted as its description is", () => {
  const plan = planLayer(recipeById("mixtral"), shape);
  const model = sizedModel("mixtral");
  const { layers, moe } = model;
  const { byPart } = parameters(model);
  assertEquals(layers * layerParameters(plan, moe!.width), byPart.experts + byPart.router);
  const { ffn, router } = flopsPerToken(model, { sequence: 128 });
  assertEquals(layers * layerFlopsOf(plan, moe!.width), ffn + router);
});

Deno.test("every recipe has a model in the arena, equal within a step of its width", () => {
  const wanted = {
    flops: layerFlopsOf(planLayer(arena.control, shape), arena.width),
    parameters: layerParameters(planLayer(arena.control, shape), arena.width),
  };
  for (const recipe of gateRecipes) {
    const objective = recipe.causal ? "next" : "masked";
    for (const equal of ["flops", "parameters"] as const) {
      const [run] = sizedRuns(arena, recipe, { equal, objective, seeds: [1] });
      assert(!("outcome" in run), `${recipe.id}: ${JSON.stringify(run)}`);
      const plan = planLayer(run.recipe!, gateShapeOf(run));
      const { width } = run.model.moe!;
      const of = equal === "flops" ? layerFlopsOf : layerParameters;
      if (recipe.select.kind === "slots" && equal === "flops") {
        // Slots are whole: a share of the wanted FLOP, not a step of width.
        assertLessOrEqual(Math.abs(of(plan, width) / wanted.flops - 1), 0.1, run.id);
        continue;
      }
      const step = of(plan, width + 8) - of(plan, width);
      assertLessOrEqual(Math.abs(of(plan, width) - wanted[equal]), step / 2 + 1e-6, run.id);
    }
  }
});

Deno.test("usage of a few recipes by hand", () => {
  const passes = (id: string) => usageOf(recipeById(id), shape).passes;
  assertEquals(passes("switch"), 1);
  assertEquals(passes("dense"), shape.experts);
  assertEquals(passes("soft-moe"), shape.experts / shape.length);
  assertEquals(passes("hash"), 1);
  assertEquals(passes("mixture-of-depths"), shape.experts / 8);
  assert(usageOf(recipeById("remoe"), shape).depends);
});

Deno.test("a recipe that looks ahead has no decoder, and its row says why", () => {
  const contest = { equal: "flops", objective: "next", seeds: [1, 2] } as const;
  const runs = sizedRuns(arena, recipeById("soft-moe"), contest);
  assertEquals(runs.length, 2);
  for (const run of runs) {
    assert("outcome" in run && "refused" in run.outcome);
    assert(run.outcome.refused.includes("causal decoder"));
  }
});

Deno.test("the dense model has the FLOP of two experts", () => {
  const [dense] = denseRuns(arena, { objective: "next", seeds: [1] });
  const options = { sequence: arena.training.length };
  const { ffn } = flopsPerToken(sizedModel("mixtral"), options);
  assertEquals(flopsPerToken(dense.model, options).ffn, ffn);
});

Deno.test("sizes that no model has are refused in a line", () => {
  const refuse = (own: Partial<typeof values>, message: string) =>
    assertThrows(() => arenaOf({ ...values, ...own }), TypeError, message);
  refuse({ steps: 0 }, "Cannot train routers with steps=0: wanted a whole number from 1");
  refuse({ rate: 0 }, "Cannot train routers with rate=0: wanted a number above 0");
  refuse({ dModel: 40 }, "dModel=40: wanted a multiple of 16, such as 48");
  assertEquals(seedsFrom(5, 3), [5, 6, 7]);
});
