import { assertEquals } from "@std/assert";
import { experiments } from "../../../experiments/registry.ts";
import { textOf } from "../../gate/sources.ts";
import { balancerList, recipeList, shownIn } from "./gates_page.ts";

const page = textOf("docs/gates.md");
const again = "run tests/experiments/training/gates_page.ts, which writes the lists anew";

Deno.test("the page of gates shows the recipes and balancers that there are", () => {
  assertEquals(shownIn(page, "recipes"), recipeList(), again);
  assertEquals(shownIn(page, "balancers"), balancerList(), again);
});

Deno.test("the page of gates names experiments that there are", () => {
  const known = experiments.map(({ id }) => id);
  const named = [...page.matchAll(/task experiment ([a-z-]+)/g)].map(([, id]) => id);
  assertEquals(named.filter((id) => id !== "list" && !known.includes(id)), []);
  const told = ["gates", "balance", "capacity", "granularity", "soft-against-sparse"];
  assertEquals([...told, "routing-trace"].filter((id) => !named.includes(id)), []);
});
