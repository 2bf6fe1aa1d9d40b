import { assert, assertEquals } from "@std/assert";
import { experiments } from "../../../experiments/registry.ts";
import { shownIn } from "../../gate/page_lists.ts";
import { textOf } from "../../gate/sources.ts";
import { bamLists, kept } from "./bam_page.ts";

const page = textOf("docs/bam.md");

Deno.test("the page of BAM shows the schemes that there are and the run that is kept", () => {
  for (const [name, list] of Object.entries(bamLists)) {
    const again = `${name}: run tests/experiments/bam/bam_page.ts, which writes them anew`;
    assertEquals(shownIn(page, name), list(), again);
  }
});

Deno.test("the run that is kept is a full one, with all its checks passed", () => {
  assertEquals([kept.experiment, /--quick/.test(kept.provenance.command)], ["bam", false]);
  assertEquals(kept.checks.filter(({ passed }) => !passed), []);
  const bySeed = kept.rows.filter(({ table }) => table === "claims-by-seed");
  assert(bySeed.length > 20);
  for (const { metrics } of bySeed) assertEquals(Object.keys(metrics).length, 3);
});

Deno.test("the page of BAM names experiments that there are", () => {
  const known = experiments.map(({ id }) => id);
  const named = [...page.matchAll(/task experiment ([a-z-]+)/g)].map(([, id]) => id);
  assertEquals(named.filter((id) => !known.includes(id)), []);
  assert(["bam", "bam-cost", "fusion"].every((id) => named.includes(id)));
});
