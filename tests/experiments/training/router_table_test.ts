import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { flopsPerToken } from "../../../core/spec/flops.ts";
import { setsOf, tellSets } from "../../../experiments/training/gates/gate_sets.ts";
import { gatesDecision, gatesVerdict } from "../../../experiments/training/gates/gates_words.ts";
import { tokenFlopsOf } from "../../../experiments/training/router_size.ts";
import {
  differenceTable,
  rankedGroups,
  routerTable,
} from "../../../experiments/training/router_table.ts";
import { againstControl, sayNames } from "../../../experiments/training/router_words.ts";
import { groupSeeds } from "../../../experiments/training/seed_groups.ts";
import { evenLayer, madeUp, madeUpGroup, madeUpRun } from "./made_up.ts";

const near = (loss: number) => [loss - 0.01, loss, loss + 0.01];
const wide = (loss: number) => [loss - 1, loss, loss + 1];

Deno.test("routers whose intervals overlap share a rank, best first", () => {
  const groups = groupSeeds([
    madeUp("switch", near(3)),
    madeUp("mixtral", near(2)),
    madeUp("gshard", wide(2.5)),
  ]);
  const ranked = rankedGroups(groups).map(({ group, rank }) => [group.run.recipe!.id, rank]);
  assertEquals(ranked, [["mixtral", 1], ["gshard", 1], ["switch", 2]]);
});

const labels = { labels: ({ run }: { run: { name: string } }) => ({ router: run.name }) };

Deno.test("a table has ranks, units and intervals, and says what could not run", async () => {
  const refused = { run: madeUpRun("peer"), outcome: { refused: "8 is no square" } };
  const groups = groupSeeds([madeUp("switch", near(3)), madeUp("mixtral", near(2)), refused]);
  const table = { id: "t", title: "T", note: "", ...labels };
  const { info, rows } = await routerTable(groups, table);
  assertEquals(rows.map(({ labels }) => labels.rank ?? "none"), [1, 2, "none"]);
  assertEquals(rows[2].infeasible, "8 is no square");
  assertEquals(rows[2].metrics, {});
  assertEquals(new Set(rows.map(({ id }) => id)).size, 3);
  assertEquals(info.best, { perplexity: "lowest" });
  for (const key of Object.keys(rows[0].metrics)) assert(info.columns!.includes(key), key);
});

Deno.test("differences are drawn from low to high, and the control is left out", async () => {
  const control = madeUpGroup("mixtral", [1, 2, 3]);
  const groups = [control, madeUpGroup("switch", [1.1, 2.2, 3.3])];
  const { info, rows } = await differenceTable(groups, { id: "d", title: "", note: "", control });
  assertEquals(rows.length, 1);
  const { lowestLoss, lossDifference, highestLoss } = rows[0].metrics;
  assertAlmostEquals(lossDifference.value, 0.2, 1e-9);
  assert(lowestLoss.value < 0.2 && highestLoss.value > 0.2);
  assertEquals(info.ranges!.middle, "lossDifference");
});

Deno.test("FLOP are those of the experts that were counted, where tokens decide", () => {
  // Four experts a token of the 64 held-out tokens.
  const all = { ...evenLayer, wanted_E: [64, 64, 64, 64], kept_E: [64, 64, 64, 64] };
  const own = { figures: { layers: [all] } };
  const fixed = tokenFlopsOf(madeUpGroup("mixtral", [1, 2], own));
  const counted = tokenFlopsOf(madeUpGroup("remoe", [1, 2], own));
  assertEquals(fixed.n, 0);
  // Two experts more, each three products of 32 by 32.
  assertEquals(counted.value - fixed.value, 2 * 2 * 3 * 32 * 32);
});

Deno.test("FLOP of the control are those of the description", () => {
  const group = madeUpGroup("mixtral", [1, 2]);
  const { total } = flopsPerToken(group.run.model, { sequence: 16 });
  assertEquals(tokenFlopsOf(group).value, total);
  const masked = madeUpGroup("mixtral", [1, 2], { run: { objective: "masked" } });
  // Attention both ways: scores and values of 16 tokens instead of 8 on average, 32 wide.
  assertEquals(tokenFlopsOf(masked).value - total, 2 * 16 * 32);
});

Deno.test("decoders and encoders are told apart and never ranked together", async () => {
  const masked = { run: { objective: "masked", id: "mixtral/flops/masked" } } as const;
  const soft = { run: { objective: "masked", id: "soft-moe/flops/masked" } } as const;
  const groups = groupSeeds([
    madeUp("mixtral", near(2)),
    madeUp("switch", near(3)),
    madeUp("mixtral", near(5), masked),
    madeUp("soft-moe", near(4), soft),
  ]);
  const sets = setsOf(groups, groups[0].run.recipe!);
  assertEquals(sets.map(({ id }) => id), ["decoders-flops", "encoders-flops"]);
  const told = await tellSets(sets);
  assertEquals(told.map(({ rows }) => rows.length), [2, 1, 2, 1]);
  const verdict = gatesVerdict(sets);
  assertMatch(verdict, /Of 2 routers as decoders at equal FLOP a token, Mixtral has/);
  assertMatch(verdict, /Of 2 routers as encoders at equal FLOP a token, Soft MoE has/);
  assertMatch(gatesDecision(sets), /^Nothing here speaks against Mixtral/);
  assertEquals(gatesVerdict([]), "No control was trained: nothing to say.");
});

Deno.test("a row says which of its values are defaults", async () => {
  const groups = groupSeeds([madeUp("mixtral", near(2)), madeUp("rl-r", near(3))]);
  const [{ rows }] = await tellSets(setsOf(groups, groups[0].run.recipe!));
  const said = rows.find(({ labels }) => labels.router === groups[1].run.name)!.warnings;
  assertMatch(said[0], /^defaults of this suite: /);
});

Deno.test("better and worse are told by the paired interval alone", () => {
  const control = madeUpGroup("mixtral", [1, 2, 3]);
  const groups = [
    madeUpGroup("switch", [1.1, 2.1, 3.1001]),
    madeUpGroup("gshard", [0.9, 1.9, 2.8999]),
    madeUpGroup("st-moe", [1.1, 1.9, 3]),
    control,
  ];
  const { better, worse, alike } = againstControl(groups, control);
  const ids = (list: typeof groups) => list.map(({ run }) => run.recipe!.id);
  assertEquals([ids(better), ids(worse), ids(alike)], [["gshard"], ["switch"], ["st-moe"]]);
});

Deno.test("names are few", () => {
  assertEquals(sayNames(["a", "b", "c"]), "a, b, c");
  assertEquals(sayNames(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
});
