import { assertEquals } from "@std/assert";
import { experiments } from "../../../experiments/registry.ts";
import { shownIn } from "../../gate/page_lists.ts";
import { textOf } from "../../gate/sources.ts";
import { gateLists } from "./gates_page.ts";

const page = textOf("docs/gates.md");
const again = "run tests/experiments/training/gates_page.ts, which writes the lists anew";

Deno.test("the page of gates shows the recipes and balancers that there are", () => {
  for (const [name, list] of Object.entries(gateLists)) {
    assertEquals(shownIn(page, name), list(), again);
  }
});

Deno.test("the page of gates names experiments that there are", () => {
  const known = experiments.map(({ id }) => id);
  const named = [...page.matchAll(/task experiment ([a-z-]+)/g)].map(([, id]) => id);
  assertEquals(named.filter((id) => id !== "list" && !known.includes(id)), []);
  const told = ["gates", "balance", "capacity", "granularity", "soft-against-sparse"];
  assertEquals([...told, "routing-trace"].filter((id) => !named.includes(id)), []);
});
