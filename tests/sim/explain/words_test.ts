import { assert, assertEquals, assertMatch } from "@std/assert";
import { formatNumber } from "../../../reports/format.ts";
import { comparePlans } from "../../../sim/explain/compare_plans.ts";
import { explainPlan } from "../../../sim/explain/explain_plan.ts";
import { nearestRival } from "../../../sim/explain/nearest_rival.ts";
import { shadowPrices } from "../../../sim/explain/shadow_prices.ts";
import { whyNot } from "../../../sim/explain/why_not.ts";
import { wordRivals, wordShadowPrices, wordSkew } from "../../../sim/explain/words/changes.ts";
import { wordComparison, wordVerdict } from "../../../sim/explain/words/comparison.ts";
import { wordExplanation } from "../../../sim/explain/words/explanation.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";
import { searchSite } from "../../../sim/search/problem.ts";
import { searchPlans } from "../../../sim/search/search_plans.ts";
import { few, large, questionOf } from "./questions.ts";

const format = formatNumber;
const problem = { ...few, memoryLimit: 30e9 };
const site = searchSite(problem);
const search = searchPlans(problem);
const [best] = search.best;
/** Text with usual spaces. */
const plain = (sentences: readonly string[]) => sentences.join("\n").replaceAll("\u00a0", " ");

Deno.test("an explanation says what binds, with figures", () => {
  const tight = questionOf(large, "h100:8", {
    fix: { tp: 1, cp: 1, pp: 1, zero: 1, microBatch: 1 },
    memoryLimit: 33e9,
  });
  const text = plain(wordExplanation(explainPlan(parsePlan("recompute=full"), searchSite(tight)), {
    format,
  }));
  assertMatch(text, /^A step takes [\d.]+ s: 6\d\.\d % dense feed-forward networks; /);
  assertMatch(text, /Bound by memory: recompute=none would take [\d.]+ s, and lacks [\d.]+ GiB/);
  assertMatch(text, /Memory is fullest on stage 0: 30\.\d GiB of 30\.\d GiB, \d+ MiB left/);
  assert(!text.includes("Next to it"));
  const bubble = plain(wordExplanation(explainPlan(parsePlan("pp=4,ep=4"), site), { format }));
  assertMatch(
    bubble,
    /Bound by the bubble: [\d.]+ % of the step, [\d.]+ ms, with 16 micro-batches/,
  );
  assertMatch(bubble, /ep stays at 4: with 8, 4 devices of a stage cannot be divided by etp 1/);
});

Deno.test("of an exchange that nothing hides, rounding hides nothing either", () => {
  const explained = explainPlan(parsePlan("ep=8"), site);
  const [link] = explained.limits.filter(({ kind }) => kind === "link");
  assert(link.kind === "link" && link.exchange.group === "expert");
  // What is left of the difference of two sums that are the same.
  const exchange = { ...link.exchange, hiddenSeconds: 1e-15 * link.seconds };
  const text = (binds: typeof explained.binds) =>
    plain(wordExplanation({ ...explained, binds }, { format }));
  assert(!text([{ ...link, exchange }]).includes("more beside kernels"));
  const half = { ...exchange, hiddenSeconds: link.seconds / 2 };
  assertMatch(text([{ ...link, exchange: half }]), /, with [\d.]+ m?s more beside kernels/);
});

Deno.test("a comparison names steps, fields and what decides", () => {
  const small = search.front[search.front.length - 1];
  const text = plain(wordComparison(comparePlans(best.plan, small.plan, site), { format }));
  assertMatch(text, /^The step goes from [\d.]+ m?s to [\d.]+ m?s, [\d.]+ % more; memory from/);
  assertMatch(text, /What differs: .*recompute norm to full/);
  assertMatch(text, /On its own, in the first plan: recompute=full [\d.]+ ms more; /);
  assertMatch(text, /routed experts: [\d.]+ m?s more, [\d.]+ m?s to [\d.]+ m?s/);
  assertEquals(
    wordComparison(comparePlans(best.plan, best.plan, site), { format })[1],
    "Nothing differs",
  );
});

Deno.test("a verdict tells rules, memory and the nearest plan", () => {
  const rules = plain(wordVerdict(whyNot(parsePlan("ep=3"), site), { format }));
  assertMatch(rules, /Rule "experts": 16 experts cannot be divided by ep 3 \(to be mended by ep\)/);
  assertMatch(rules, /Nearest that holds and fits: pp=2,ep=8, a step of [\d.]+ ms in [\d.]+ GiB/);
  const memory = plain(wordVerdict(whyNot(parsePlan("zero=0"), site), { format }));
  assertMatch(
    memory,
    /Stage 0 needs [\d.]+ GiB at its peak \(\w+\), [\d.]+ GiB beyond the limit of/,
  );
  assertMatch(plain(wordVerdict(whyNot(best.plan, site), { format })), /^A step takes/);
});

Deno.test("prices and rivals say how they were found", () => {
  const prices = shadowPrices(problem, { search });
  const text = plain(wordShadowPrices(prices, { format, best }));
  assertMatch(text, /^memory, 1 GiB more: .*\(all plans searched\)/);
  assertMatch(text, /FLOP\/s, 10 % more: a step of .* less.* \(among \d+ plans kept and climbs/);
  const rivals = plain(wordRivals(nearestRival(best, search.front, site), { format, best }));
  assertMatch(rivals, /memory, [\d.]+ % less: .* would win \(.*, where the best does not fit\)/);
  const none = wordRivals([{ input: "flops" }], { format, best });
  assertEquals(none, ["No plan kept would win with any other FLOP/s"]);
});

Deno.test("uneven routing in words", () => {
  const even = { exponent: 0, stepSeconds: [1, 2], fastest: 0 };
  const uneven = { exponent: 0.4, stepSeconds: [4, 3], fastest: 1 };
  const [, rival] = search.best;
  const said = wordSkew({ rows: [even, uneven], exponent: 0.4, rival }, { format, best });
  assertMatch(
    plain([said]),
    /^Routing as uneven as skew:0\.4: .+ would win \(events: 3 s against 4 s\)/,
  );
  assertMatch(wordSkew({ rows: [even] }, { format, best }), /lets none of 2 plans win/);
});
