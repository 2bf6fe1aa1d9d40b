import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { placementRecipes } from "../../../core/experts/placements.ts";
import { expertRecipes } from "../../../core/experts/recipes.ts";
import { parameters } from "../../../core/spec/params.ts";
import { activationContenders } from "../../../experiments/experts/activations.ts";
import {
  contestDecision,
  contestRuns,
  contestVerdict,
} from "../../../experiments/experts/contest.ts";
import { contestModel, fitModel, readMeasure } from "../../../experiments/experts/contest_model.ts";
import { depthContenders } from "../../../experiments/experts/depth_or_width.ts";
import { placementContenders } from "../../../experiments/experts/expert_placement.ts";
import { sharedContenders } from "../../../experiments/experts/shared_experts.ts";
import { arenaOf, type ArenaSizes, sizeParameters } from "../../../experiments/training/arena.ts";
import { groupSeeds } from "../../../experiments/training/seed_groups.ts";
import { workRows } from "../../../experiments/training/works.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { madeUp } from "../training/made_up.ts";

const arena = arenaOf({
  ...Object.fromEntries(
    Object.entries(sizeParameters).map(([name, { quick }]) => [name, quick]),
  ) as ArenaSizes,
  layers: 6,
});

Deno.test("contenders are equal in what is asked for, as far as widths in steps of 8 allow", () => {
  for (const equal of ["flops", "parameters"] as const) {
    const names = ["swiglu", "geglu", "gelu", "relu"];
    for (
      const [first, ...others] of [
        activationContenders(arena, { names, equal }),
        sharedContenders(arena, equal),
        depthContenders(arena, { depths: [6, 3], equal }),
      ]
    ) {
      assertEquals(first.ratio, 1, first.id);
      // Half a step of 8 of the narrowest network moves the whole by less than this.
      for (const { id, ratio } of others) assertAlmostEquals(ratio, 1, 0.06, `${id}, ${equal}`);
    }
  }
  assertThrows(() => readMeasure("time"), UserError, "flops or parameters");
  assertThrows(
    () => activationContenders(arena, { names: ["tanh"], equal: "flops" }),
    UserError,
    "wanted swiglu",
  );
  assertThrows(
    () => depthContenders(arena, { depths: [0], equal: "flops" }),
    UserError,
    "0 layers",
  );
});

Deno.test("placements differ in FLOP by their routers alone, and in parameters by their experts", () => {
  const contenders = placementContenders(arena, "flops");
  assertEquals(contenders.length, placementRecipes.length);
  for (const { id, ratio } of contenders) assertAlmostEquals(ratio, 1, 0.02, id);
  const total = (id: string) => {
    const one = contenders.find((c) => c.id === `placement-${id}`)!;
    return parameters(one.model).total;
  };
  assert(total("every-layer") > total("every-second"));
  assert(total("every-second") > total("every-fourth"));
});

Deno.test("runs of a contest: one a seed, with a gate that chooses as many as the model says", () => {
  const contenders = sharedContenders(arena, "flops");
  const runs = contestRuns({
    ...{ contenders, arena, seeds: [1, 2], equal: "flops", what: "ways", notes: [] },
  });
  assertEquals(runs.length, 2 * contenders.length);
  for (const { recipe, model } of runs) {
    assertEquals(recipe?.select, { kind: "top-k", k: model.moe!.topK });
  }
});

Deno.test("a verdict says who is better by pairs, a decision takes the first of them or none", () => {
  const noise = [0, 0.02, -0.02, 0.01];
  const run = (id: string, shift: number) =>
    madeUp("mixtral", noise.map((n) => 2 + shift + n), { run: { id, name: id } });
  const better = groupSeeds([run("first", 0), run("lower", -0.5), run("higher", 0.5)]);
  assertEquals(
    contestVerdict(better, "ways").endsWith(
      "1 are better than first (lower), 1 worse (higher) and 0 not told apart.",
    ),
    true,
    contestVerdict(better, "ways"),
  );
  assert(contestDecision(better, "ways").startsWith("Take lower before first"));
  const none = groupSeeds([run("first", 0), run("higher", 0.5)]);
  assert(contestDecision(none, "ways").startsWith("Keep first"));
  assertEquals(contestDecision(groupSeeds([run("first", 0)]), "ways"), "Nothing follows from it.");
});

Deno.test("every kind and every placement is a row of the list", () => {
  const rows = workRows();
  const ids = (kind: string) => rows.filter((row) => row.kind === kind).map(({ id }) => id);
  assertEquals(ids("expert"), expertRecipes.map(({ id }) => id));
  assertEquals(ids("placement"), placementRecipes.map(({ id }) => id));
});

Deno.test("a model of a contest has dense layers as wide as what a token uses elsewhere", () => {
  const form = { experts: 4, topK: 2, shared: 1, placement: { kind: "after", first: 1 } as const };
  const model = contestModel(arena.sizes, form, 16);
  assertEquals([model.ffn?.width, model.moe?.width, model.moe?.shared?.width], [48, 16, 16]);
  const same = fitModel(arena.sizes, form, {
    ...{ control: { form, width: 16 }, equal: "parameters", sequence: 32 },
  });
  assertEquals([same.model, same.ratio], [model, 1]);
});
