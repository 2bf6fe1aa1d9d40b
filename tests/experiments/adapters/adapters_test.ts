import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { adapterById, adapterRecipes } from "../../../core/adapters/recipes.ts";
import { clustersOf, tuningBatch } from "../../../experiments/adapters/batches.ts";
import { adapterChecks } from "../../../experiments/adapters/checks.ts";
import {
  lossAgainst,
  perplexityOn,
  type TunedGroup,
} from "../../../experiments/adapters/figures.ts";
import {
  adapterBase,
  adapterSettings,
  adapterTexts,
  type AdapterValues,
} from "../../../experiments/adapters/settings.ts";
import { raceTable, rankTuned, tunedTable } from "../../../experiments/adapters/table.ts";
import { toldOf } from "../../../experiments/adapters/told.ts";
import type { TunedFigures } from "../../../experiments/adapters/tune.ts";
import {
  type AdapterFindings,
  adaptersDecision,
  adaptersVerdict,
} from "../../../experiments/adapters/words.ts";
import { workRows } from "../../../experiments/training/works.ts";
import { exactly } from "../../../kernels/base/estimate.ts";

const quick = Object.fromEntries(
  Object.entries(adapterSettings).map(([name, { quick }]) => [name, quick]),
) as AdapterValues;

const figures = (fresh: number, old: number, more: Partial<TunedFigures> = {}): TunedFigures => ({
  losses: [3, 2],
  fresh_S: [fresh, fresh + 0.5, fresh + 1],
  old_S: [old, old + 0.5, old + 1],
  ...{ trained: 100, size: 4, stepSeconds: [0.1, 0.1], moved: 0 },
  ...more,
});
const group = (id: string, ...figures: TunedFigures[]): TunedGroup => {
  const recipe = adapterById(id);
  return { recipe, name: recipe.name, figures };
};
const found: AdapterFindings = {
  base: { name: "base, untouched", figures: [figures(3, 2)] },
  control: group("lora", figures(2, 2.2)),
  full: group("full", figures(1.9, 2.5, { trained: 900 })),
  mixtures: [
    group("mola", figures(2.1, 2.1)),
    group("moelora-tasks", figures(1.8, 2.3, { trained: 104 })),
  ],
  races: [{
    ...{ grouped: exactly(1, "test"), loop: exactly(3, "test"), ratio: exactly(3, "test") },
    ...{ allRatio: exactly(2, "test"), apart: 0, adapters: 8 },
  }],
};

Deno.test("differences are paired by sequence: what sequences have in common drops out", () => {
  const [mola] = found.mixtures;
  const { value, lo, hi, n } = lossAgainst(mola, found.control, "fresh_S");
  assertEquals([value, lo, hi].map((x) => x.toFixed(9)), Array(3).fill("0.100000000"));
  assertEquals(n, 3);
  assertEquals(perplexityOn(mola, "old_S").value, Math.exp(2.6));
  const seeds = { ...mola, figures: [figures(2, 2), figures(3, 2)] };
  assertEquals(lossAgainst(seeds, seeds, "fresh_S").n, 2);
});

Deno.test("the verdict and the decision say what was found", () => {
  const verdict = adaptersVerdict(found);
  assertMatch(verdict, /of 2 mixtures .* MOELoRA \(told the domain of a text\) is lowest/);
  assertMatch(verdict, /1 do better than LoRA, 1 worse, and 0 cannot be told apart/);
  assertMatch(verdict, /MoLA forgets least, 0\.1/);
  assertMatch(verdict, /For 8 adapters a loop takes 3 times as long/);
  assertMatch(adaptersDecision(found), /try MOELoRA \(told the domain of a text\)/);
  const none = { ...found, mixtures: [found.mixtures[0]] };
  assertMatch(adaptersDecision(none), /^Tune one LoRA at every product/);
});

Deno.test("checks fail where the base moved, a budget was missed or nothing was learned", () => {
  const failed = (of: AdapterFindings) =>
    adapterChecks(of).filter(({ passed }) => !passed).map(({ name }) => name);
  assertEquals(failed(found), []);
  const moved = { ...found, control: group("lora", figures(2, 2, { moved: 1 })) };
  assertEquals(failed(moved), ["entries of the frozen base that moved"]);
  const idle = { ...found, mixtures: [group("mola", figures(3.1, 2, { trained: 80 }))] };
  assertEquals(failed(idle).length, 2);
});

Deno.test("tables have a row for each group, ranked, with what no source confirms beside it", async () => {
  const groups = [found.base, found.control, found.full, ...found.mixtures];
  const { rows } = await tunedTable(groups, found);
  assertEquals(rows.map(({ labels }) => labels.adapters)[0], "MOELoRA");
  assertEquals(rows.length, rankTuned(groups).length);
  const byName = Object.fromEntries(rows.map((row) => [row.labels.adapters, row]));
  assertEquals("lossAboveLora" in byName.LoRA.metrics, false);
  assertEquals(byName.MoLA.metrics.forgetting.value.toFixed(6), "0.100000");
  assertMatch(byName.MoLA.warnings[0], /^defaults of this suite: parts\.experts/);
  const race = { adapters: 8, tokens: 64, width: 16, rank: 4 };
  const raced = await raceTable([{ race, raced: found.races[0] }]);
  const { loopOverGrouped, allOverGrouped } = raced.rows[0].metrics;
  assertEquals([loopOverGrouped.value, allOverGrouped.value], [3, 2]);
});

Deno.test("a cluster is told by another text: it does not depend on what is to be predicted", () => {
  const { fresh } = adapterTexts(quick);
  const clusters = clustersOf(fresh, { length: 32, seed: 1 });
  assertEquals(clusters.centres.length, 4);
  const told = { values: { sequences: 4, length: 32 }, clusters, seed: 1, step: 0 };
  const batch = tuningBatch(fresh, told);
  const other = tuningBatch({
    ...fresh,
    draw: (domain, options) => {
      const text = fresh.draw(domain, options);
      return options.length === 33 ? text.map((id) => id === 32 ? 61 : id) : text;
    },
  }, told);
  assert(Array.from(batch.tokens).some((id, i) => id !== other.tokens[i]));
  assertEquals(other.clusters, batch.clusters);
  // A batch of as many sequences as domains has each domain once; clusters follow domains mostly.
  assert(new Set(Array.from(batch.clusters)).size > 1);
});

Deno.test("what gates are told follows from their recipes", () => {
  const told = (kind: string) =>
    adapterRecipes.filter((one) => toldOf(one) === kind).map(({ id }) => id).sort();
  assertEquals(told("domain"), ["moelora-tasks", "omni-smola"]);
  assertEquals(told("cluster"), ["mocle", "mor1e"]);
});

Deno.test("every mixture of adapters is among the works that run", () => {
  const rows = workRows().filter(({ kind }) => kind === "adapter");
  assertEquals(rows.map(({ id }) => id), adapterRecipes.map(({ id }) => id));
  assertEquals(new Set(rows.map(({ experiment }) => experiment)), new Set(["adapters"]));
});

Deno.test("settings that no base has are refused with one that it can have", () => {
  assertEquals(adapterBase(quick).dModel, 32);
  assertThrows(
    () => adapterBase({ ...quick, dModel: 40 }),
    TypeError,
    "Cannot tune adapters with dModel=40: wanted a multiple of 16, such as 48",
  );
  assertThrows(
    () => adapterBase({ ...quick, rank: 0.5 }),
    TypeError,
    "Cannot tune adapters with rank=0.5: wanted a whole number from 1",
  );
});
