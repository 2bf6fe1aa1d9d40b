import { assert, assertEquals } from "@std/assert";
import { experiments } from "../../../experiments/registry.ts";
import { shownIn } from "../../gate/page_lists.ts";
import { textOf } from "../../gate/sources.ts";
import { expertLists } from "./experts_page.ts";

const page = textOf("docs/experts.md");

Deno.test("the page of experts shows the rows that there are", () => {
  for (const [name, list] of Object.entries(expertLists)) {
    const again = `${name}: run tests/experiments/experts/experts_page.ts, which writes them anew`;
    assertEquals(shownIn(page, name), list(), again);
  }
});

Deno.test("the page of experts names experiments that there are, with their own parameters", () => {
  const known = new Map(experiments.map((one) => [one.id, Object.keys(one.parameters)]));
  const commands = [...page.matchAll(/task experiment ([a-z-]+)(.*)/g)];
  const named = commands.map(([, id]) => id);
  for (const [, id, rest] of commands) {
    assert(known.has(id), id);
    for (const [, name] of rest.matchAll(/--set (\w+)=/g)) {
      assert(known.get(id)!.includes(name), `${id} has no ${name}`);
    }
  }
  const told = ["expert-kinds", "expert-placement", "adapters", "derivatives", "applications"];
  assertEquals([...told, "speed-of-experts"].filter((id) => !named.includes(id)), []);
});
