/** What the report says of figures that are made by hand. */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { fusionChecks } from "../../../experiments/fusion/checks.ts";
import {
  askedOfWay,
  lossAbove,
  lossOfWay,
  sideOfWay,
} from "../../../experiments/fusion/compare.ts";
import { valuesOf } from "../../../experiments/define.ts";
import type { FusionFigures, WayFigures } from "../../../experiments/fusion/figures.ts";
import { fusionExperiment, fusionReport } from "../../../experiments/fusion/fusion.ts";
import type { FusionValues } from "../../../experiments/fusion/parameters.ts";
import { workRows } from "../../../experiments/training/works.ts";

const values = {
  ...valuesOf(fusionExperiment, { quick: true }) as FusionValues,
  ...{ price: 0.1, prices: [0.1] },
};

/** A way with equal losses on both domains, of two sequences each. */
const way = (id: string, kind: WayFigures["kind"], loss: number, asked = 2): WayFigures => ({
  ...{ id, name: `the ${id}`, kind, asked, domains: [[loss - 0.1, loss + 0.1], [loss, loss]] },
  ...kind === "frugal" && { price: 0.1 },
});

const replicate = (seed: number, off: number) => ({
  ...{ seed, changed: 0, floors: [1, 1.5], fusers: [{ id: "foe-told", losses: [3, 2, 1] }] },
  ways: [
    way("expert-0", "expert", 3 + off, 1),
    way("expert-1", "expert", 2.9 + off, 1),
    way("averaged", "averaged", 2.7 + off, 1),
    way("even", "rule", 2.5 + off),
    way("posterior", "rule", 2.2 + 1.1 * off),
    way("foe-told", "fuser", 2.2 + off),
    way("frugal-0.1", "frugal", 2.3 + off, 1.4 + off),
    way("oracle", "oracle", 2.1 + off, 1),
  ],
});

const figures: FusionFigures = {
  ...{ domains: ["one", "two"], experts: ["a", "b"], fuserParameters: { "foe-told": 70 } },
  replicates: [replicate(1, 0), replicate(2, 0.1), replicate(3, -0.1)],
};
const single = { ...figures, replicates: figures.replicates.slice(0, 1) };

Deno.test("differences are taken on equal seeds: what they have in common drops out", () => {
  assertAlmostEquals(lossOfWay(figures, "even").value, 2.5, 1e-9);
  assertAlmostEquals(lossOfWay(figures, "even").hi, 2.5 + 4.3027 * 0.1 / Math.sqrt(3), 1e-3);
  const above = lossAbove(figures, "foe-told", "even");
  assertAlmostEquals(above.value, -0.3, 1e-9);
  assertAlmostEquals(above.hi - above.lo, 0, 1e-9);
  assertAlmostEquals(askedOfWay(figures, "frugal-0.1").value, 1.4, 1e-9);
  assertEquals(sideOfWay(figures, "foe-told", "even"), "better");
  assertEquals(sideOfWay(figures, "averaged", "even"), "worse");
  assertEquals(sideOfWay(figures, "posterior", "foe-told"), "alike");
  assertEquals(sideOfWay(single, "foe-told", "even"), "undecided");
  assertThrows(() => lossOfWay(figures, "evan"), RangeError, "Looked for evan");
});

Deno.test("the verdict names losses and sides; with one seed it decides nothing", async () => {
  const { verdict, decision, rows } = await fusionReport(figures, values);
  assertMatch(verdict, /best expert alone \(the expert-1\) has 2\.9/);
  assertMatch(verdict, /the foe-told −0\.3.* \(better\)/);
  assertMatch(verdict, /asks 1\.4 of 2 experts of a token/);
  assertMatch(
    decision,
    /fuse them by the foe-told: better than the mean of their predictions\. .* not told apart from the foe-told/,
  );
  const alone = await fusionReport(single, values);
  assertMatch(alone.verdict, /^Undecided with one seed; what it gave, in nats a token/);
  assertMatch(alone.decision, /^Run it on more seeds \(--full\)/);
  assert(!/better|worse/.test(alone.verdict.replace("best", "")));
  const told = rows.find(({ labels }) => labels.way === "the foe-told")!;
  assertEquals([told.labels.against, told.metrics.fuserParametersCount.value], ["better", 70]);
  const floor = rows.at(-1)!;
  assertEquals([floor.kind, floor.metrics.loss.value], ["derived", 1.25]);
});

Deno.test("a run that changed an expert, or whose fuser did not learn, fails its checks", () => {
  assertEquals(fusionChecks(figures).map(({ passed }) => passed), [true, true]);
  const [one] = figures.replicates;
  const fusers = [{ id: "foe-told", losses: [1, 2, 3] }];
  const bad = { ...figures, replicates: [{ ...one, changed: 2, fusers }] };
  assertEquals(fusionChecks(bad).map(({ passed, value }) => [passed, value]), [
    [false, 2],
    [false, 1],
  ]);
});

Deno.test("the works that it runs are rows of their own kind", () => {
  const rows = workRows().filter(({ experiment }) => experiment === "fusion");
  assertEquals(rows.map(({ id, kind, arxiv, section }) => [id, kind, arxiv, section]), [
    ["btm-ensemble", "together", "2208.03306", "4.4.3"],
    ["foe", "together", "2310.01542", "4.4.3"],
    ["foe-frugal", "together", "2310.01542", "4.4.3"],
  ]);
});
