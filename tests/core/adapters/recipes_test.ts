import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { adapterById, adapterControls, adapterRecipes } from "../../../core/adapters/recipes.ts";
import { adapterPlaces, branchOf, expertsIn } from "../../../core/adapters/places.ts";
import { adapterCount, fitAdapters } from "../../../core/adapters/sizes.ts";
import { recipeById } from "../../../core/gates/recipes.ts";
import { adaptedBy, recipeOf } from "./small_base.ts";

Deno.test("the works of the survey are all there, each once", () => {
  const names = adapterRecipes.map(({ name }) => name).sort();
  assertEquals(names, [
    ...["AdaMix", "Intuition-MoR1E", "LLaVA-MoLE", "LoRAMoE", "MOELoRA", "MeteoRA", "MixDA"],
    ...["MixLoRA", "MoCLE", "MoELoRA", "MoLA", "MoLE", "MoLoRA", "MoV", "Omni-SMoLA", "SiRA"],
    "UniPELT",
  ]);
  const ids = [...adapterRecipes, ...adapterControls].map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
});

Deno.test("a work is in the section of its placement, and its gate is the one of that work", () => {
  const sections = { ffn: "4.3.1", attention: "4.3.2", block: "4.3.3", layer: "4.3.4" };
  for (const { id, section, placement, arxiv, parts, unverified } of adapterRecipes) {
    assertEquals(section, sections[placement], id);
    if (arxiv !== null) assertMatch(arxiv, /^\d{4}\.\d{5}$/);
    const [{ gate, sites }] = parts;
    assertEquals(gate, id === "adamix" ? "chance" : id);
    assertEquals(recipeById(id).arxiv, arxiv, id);
    assert(Object.keys(unverified ?? {}).length > 0, id);
    const branches = new Set(sites.map(branchOf));
    const wanted = { ffn: "network", attention: "attention", layer: "layer" };
    if (placement !== "block") assertEquals([...branches], [wanted[placement]], id);
  }
});

Deno.test("experts grow with the layers where a work says so", () => {
  const [part] = adapterById("mola").parts;
  const at = (layer: number) => expertsIn(part, { layer, layers: 8, tags: 1 });
  assertEquals([0, 1, 2, 3, 4, 5, 6, 7].map(at), [2, 2, 4, 4, 6, 6, 8, 8]);
});

Deno.test("fitted recipes train about as many parameters as the budget", () => {
  const budget = 4 * adapterCount(adaptedBy(adapterById("lora"), 2));
  for (const recipe of adapterRecipes) {
    const fitted = fitAdapters(adaptedBy(recipe, 2), budget);
    const found = adapterCount(adaptedBy(fitted, 2));
    assert(Math.abs(found / budget - 1) < 0.15, `${recipe.id}: ${found} of ${budget}`);
  }
});

Deno.test("parameters of LoRA are counted by hand", () => {
  const adapted = adaptedBy(adapterById("lora"), 2);
  // q, k, v, out: 16 + 16; gate, up: 16 + 12; down: 12 + 16; rank 4, two layers.
  assertEquals(adapterCount(adapted), 2 * 4 * (4 * 32 + 3 * 28));
});

Deno.test("places that an adapter cannot stand at are refused", () => {
  const prefix = { kind: "prefix", length: 2 } as const;
  const at = (part: Parameters<typeof recipeOf>[0]) => () =>
    adapterPlaces(adaptedBy(recipeOf(part)));
  assertThrows(at({ adapter: prefix, sites: ["q"] }), TypeError, 'Cannot put prefix at "q"');
  assertThrows(
    at({ adapter: { kind: "ia3" }, gate: "chance", experts: 2 }),
    TypeError,
    "Cannot draw experts of ia3 by chance: wanted lora or bottleneck",
  );
  assertThrows(
    at({ adapter: { kind: "lora", rank: 1, alpha: 1 }, gate: "soft-moe", experts: 2 }),
    TypeError,
    "a token's experts would depend on tokens after it",
  );
});
