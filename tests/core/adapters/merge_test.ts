import { assertLess, assertThrows } from "@std/assert";
import { mergeAdapters } from "../../../core/adapters/merge.ts";
import { adapterById } from "../../../core/adapters/recipes.ts";
import type { AdapterSpec } from "../../../core/adapters/specs.ts";
import { adaptedBy, apart, bare, drawnValues, logitsOf, recipeOf } from "./small_base.ts";

const products = ["q", "k", "v", "out", "gate", "up", "down"] as const;

const merged: [AdapterSpec, Parameters<typeof recipeOf>[0]["sites"]][] = [
  [{ kind: "lora", rank: 2, alpha: 4 }, products],
  [{ kind: "full" }, products],
  [{ kind: "ia3" }, ["k", "v", "hidden", "down"]],
];

for (const [adapter, sites] of merged) {
  Deno.test(`${adapter.kind} merged into the base equals ${adapter.kind} beside it`, () => {
    const adapted = adaptedBy(recipeOf({ adapter, sites }), 2);
    const values = drawnValues(adapted);
    const base = mergeAdapters(adapted, values);
    const beside = logitsOf(adapted, { values });
    assertLess(apart(logitsOf(adaptedBy(bare, 2), { values: base }), beside), 1e-12);
  });
}

for (const id of ["moelora-tasks", "mocle"]) {
  Deno.test(`${id}: one merged base for each tag equals the mixture on sequences of the tag`, () => {
    const adapted = adaptedBy(adapterById(id), 2);
    const values = drawnValues(adapted);
    for (const tag of [0, 3]) {
      const cluster = id === "mocle" ? (tag + 1) % 4 : tag;
      const base = mergeAdapters(adapted, values, { tag: cluster });
      const beside = logitsOf(adapted, { values, tag });
      assertLess(apart(logitsOf(adaptedBy(bare, 2), { values: base, tag }), beside), 1e-11);
    }
  });
}

Deno.test("what tokens weigh, or is no sum of matrices, is not merged", () => {
  const merge = (id: string, tag?: number) => () => {
    const adapted = adaptedBy(adapterById(id));
    mergeAdapters(adapted, drawnValues(adapted), { tag });
  };
  assertThrows(merge("molora"), TypeError, "tokens weigh it");
  assertThrows(merge("adamix"), TypeError, "no matrix of the base can take it up");
  assertThrows(merge("mor1e"), TypeError, "it is no sum of matrices");
  assertThrows(merge("moelora-tasks"), TypeError, "its tag is not given");
});
