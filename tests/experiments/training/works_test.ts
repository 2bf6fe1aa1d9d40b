import { assert, assertEquals, assertMatch } from "@std/assert";
import { gateRecipes } from "../../../core/gates/recipes.ts";
import { schemeRecipes } from "../../../core/train/schemes/table.ts";
import { balancers as kinds } from "../../../core/losses/table.ts";
import { balancedRecipe, balancers } from "../../../experiments/training/balance/balancers.ts";
import { workCommands, workRows } from "../../../experiments/training/works.ts";
import { experiments } from "../../../experiments/registry.ts";

Deno.test("every row has a section, an id of arXiv or none, and an experiment or a command", () => {
  const known = new Set<string>([...experiments.map(({ id }) => id), ...workCommands]);
  for (const { section, arxiv, experiment, name } of workRows()) {
    assertMatch(section, /^(\d(\.\d){0,2}|later)$/, name);
    if (arxiv !== null) assertMatch(arxiv, /^\d{4}\.\d{5}$|^\d{4}\.\d{4}$/, name);
    assert(known.has(experiment), experiment);
  }
});

Deno.test("rows are unique by kind and id, and every recipe is one", () => {
  const rows = workRows();
  assertEquals(new Set(rows.map(({ kind, id }) => `${kind}/${id}`)).size, rows.length);
  const gates = rows.filter(({ kind }) => kind === "gate").map(({ id }) => id);
  assertEquals(gates, gateRecipes.map(({ id }) => id));
  const schemes = rows.filter(({ kind }) => kind === "scheme").map(({ id }) => id);
  assertEquals(schemes.sort(), schemeRecipes.map(({ id }) => id).sort());
});

Deno.test("every loss and controller of the library is in a row of the experiment", () => {
  const used = new Set(balancers.flatMap(({ balance }) => balance.map(({ kind }) => kind)));
  assertEquals([...used].sort(), Object.keys(kinds).sort());
});

Deno.test("balancers share a gate that can be collapsed, but for one that needs expert vectors", () => {
  assertEquals(balancers[0].balance, []);
  for (const balancer of balancers) {
    const { score, causal, arxiv } = balancedRecipe(balancer);
    const biased = score.kind === "linear" && score.bias === true;
    assertEquals(biased, balancer.id !== "dynmoe", balancer.id);
    assertEquals([causal, arxiv], [true, balancer.arxiv]);
  }
});
