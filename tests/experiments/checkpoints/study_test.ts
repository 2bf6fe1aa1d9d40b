import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { split } from "../../../kernels/mod.ts";
import {
  lifts,
  liftTable,
  pairAt,
  pairPlace,
  strongestPairs,
} from "../../../experiments/checkpoints/routing/coactivation.ts";
import {
  agreements,
  placeOf,
  placeStart,
  settledTokens,
} from "../../../experiments/checkpoints/routing/equal_tokens.ts";
import { entropyBits, layerLoads } from "../../../experiments/checkpoints/routing/loads.ts";
import { choiceCounts, type RoutedTexts } from "../../../experiments/checkpoints/routing/routed.ts";
import { redrawn, withIntervals } from "../../../experiments/checkpoints/routing/resample.ts";
import {
  isSpecialised,
  mutualBits,
  specialisations,
} from "../../../experiments/checkpoints/routing/specialisation.ts";
import { routerBits } from "../../../experiments/checkpoints/routing/router_entropy.ts";
import { studyRouting } from "../../../experiments/checkpoints/routing/study.ts";
import { studyVerdict } from "../../../experiments/checkpoints/routing/study_words.ts";
import { madeUpRouting, twoDrawn } from "./made_up_routing.ts";

const resamplingOf = ({ sequences }: RoutedTexts, draws = 200) => ({
  domains: sequences.map(({ domain }) => domain),
  ...{ draws, stream: split(1, "test") },
});

/** Experts by domain alone, by token alone, and by nothing. */
const byDomain = madeUpRouting({ choose: ({ domain }) => [2 * domain, 2 * domain + 1] });
const byToken = madeUpRouting({ choose: ({ id }) => [id % 7, 7] });
const byChance = madeUpRouting({ choose: twoDrawn });

Deno.test("mutual information is what it is by hand, and 0 for independent counts", () => {
  assertAlmostEquals(mutualBits([[5, 0], [0, 5]]), 1, 1e-12);
  // H(3/4, 1/4) = 0.811278; of rows 1, of columns 1, of cells 1.811278.
  assertAlmostEquals(mutualBits([[3, 1], [1, 3]]), 2 - 1.811278124459133, 1e-12);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
      (rows, columns) => {
        const table = rows.map((r) => columns.map((c) => r * c));
        assertAlmostEquals(mutualBits(table), 0, 1e-9);
        const bits = mutualBits(table.map((row, i) => row.map((n, j) => i === j ? n + 50 : n)));
        assert(bits > 0, `${bits}`);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("experts of domains tell all of the domain, experts of chance nothing", () => {
  const [told] = specialisations(byDomain, resamplingOf(byDomain))!;
  assert(isSpecialised(told));
  assertAlmostEquals(told.knownFraction.value, 1, 0.1);
  assertAlmostEquals(told.pValue, 1 / 201, 1e-12);
  assertEquals(told.counts_DE[1], [0, 0, 320, 320, 0, 0, 0, 0]);
  const [none] = specialisations(byChance, resamplingOf(byChance))!;
  assert(!isSpecialised(none));
  assert(none.bits.lo <= 0.01 && none.bits.value < 0.01, `${none.bits.value}`);
  assert(none.pValue > 0.02, `${none.pValue}`);
  assert(told.bits.lo > told.chance.hi, "the interval excludes what chance gives");
});

Deno.test("one domain, or one sequence of a domain, says nothing of specialisation", () => {
  const one = madeUpRouting({ domains: 1, choose: twoDrawn });
  assertEquals(specialisations(one, resamplingOf(one)), undefined);
  const single = madeUpRouting({ sequences: 1, choose: twoDrawn });
  assertEquals(specialisations(single, resamplingOf(single)), undefined);
});

Deno.test("pairs have places, and lifts are 1 where nothing binds them", () => {
  const places = [];
  for (let b = 1; b < 9; b++) for (let a = 0; a < b; a++) places.push(pairPlace(a, b));
  assertEquals(places, [...places.keys()]);
  assertEquals(places.map(pairAt).map(([a, b]) => pairPlace(a, b)), places);
  const loads = [4, 3, 2, 1];
  const independent = places.slice(0, 6).map((place) => {
    const [a, b] = pairAt(place);
    return loads[a] * loads[b];
  });
  assertEquals(lifts(independent, loads).map((x) => Number(x.toFixed(9))), [1, 1, 1, 1, 1, 1]);
  assertEquals(lifts([1, 0, 0], [1, 1, 0]).map((x) => Number.isNaN(x)), [false, true, true]);
});

Deno.test("a bound pair is found, with an interval above 1, and chance has none far from it", () => {
  // 3 and 5 always come together; the others are drawn.
  const bound = madeUpRouting({
    sequences: 12,
    choose: (at) => at.id < 6 ? [3, 5] : twoDrawn(at),
  });
  const pairs = strongestPairs(bound, { pairs: 2, resampling: resamplingOf(bound) });
  assertEquals(pairs[0].experts, [3, 5]);
  assert(pairs[0].lift.lo > 2, `${pairs[0].lift.lo}`);
  assertAlmostEquals(liftTable(bound, 0)[3][5], pairs[0].lift.value, 0.5);
  assertEquals(liftTable(bound, 0)[5][3], liftTable(bound, 0)[3][5]);
  for (
    const { lift } of strongestPairs(byChance, { pairs: 3, resampling: resamplingOf(byChance) })
  ) {
    assert(lift.lo < 1.2 && lift.hi > 0.8, `${lift.lo} to ${lift.hi}`);
  }
  const one = madeUpRouting({ topK: 1, choose: ({ draw }) => [draw()] });
  assertEquals(strongestPairs(one, { pairs: 3, resampling: resamplingOf(one) }), []);
});

Deno.test("equal tokens agree wholly under a router of tokens, and like any under one of chance", () => {
  const [token] = agreements(byToken, resamplingOf(byToken));
  assertEquals(token.equal.value, 1);
  assert(token.any.value < 0.7);
  assertEquals(token.byPlace.map(({ value }) => value), [1, 1, 1, 1, 1, 1]);
  const [chance] = agreements(byChance, resamplingOf(byChance));
  assertAlmostEquals(chance.equal.value, 0.25, 0.02);
  assertAlmostEquals(chance.any.value, 0.25, 0.02);
});

Deno.test("what changes along the text is seen where it changes", () => {
  const drifting = madeUpRouting({
    length: 64,
    sequences: 12,
    choose: (at) => at.position < 15 ? [at.id % 4, 4 + at.id % 4] : twoDrawn(at),
  });
  const [{ byPlace }] = agreements(drifting, resamplingOf(drifting));
  assertEquals(byPlace.map((_, place) => placeStart(place)), [0, 1, 3, 7, 15, 31, 63]);
  const [early, late] = [byPlace.slice(1, 4), byPlace.slice(4, 6)];
  assert(Math.min(...early.map(({ lo }) => lo)) > Math.max(...late.map(({ hi }) => hi)));
  assertEquals([0, 1, 2, 3, 6, 7].map(placeOf), [0, 1, 1, 2, 2, 3]);
});

Deno.test("tokens that are sent alike are those that are", () => {
  const some = madeUpRouting({ choose: (at) => at.id < 5 ? [at.id, 7] : twoDrawn(at) });
  const { tokens, judged, settledFraction } = settledTokens(some, 0);
  assertEquals(tokens.map(({ id }) => id).sort((a, b) => a - b), [0, 1, 2, 3, 4]);
  assertEquals(tokens.find(({ id }) => id === 3)!.experts, [3, 7]);
  assertEquals(judged, 20);
  assertAlmostEquals(settledFraction, 0.25, 0.03);
});

Deno.test("loads and entropies are those of the choices", () => {
  assertEquals([entropyBits([1, 1, 1, 1]), entropyBits([7, 0]), entropyBits([])], [2, 0, 0]);
  const [load] = layerLoads(byDomain, resamplingOf(byDomain));
  assertEquals(load.counts_E, [320, 320, 320, 320, 320, 320, 0, 0]);
  assertAlmostEquals(load.busiestOverMean.value, 8 / 6, 1e-12);
  assertAlmostEquals(load.loadEntropyFraction.value, Math.log2(6) / 3, 1e-12);
  assertAlmostEquals(load.weightEntropyFraction!.value, 1, 1e-6);
  assertEquals(choiceCounts(byDomain), [[320, 320, 320, 320, 320, 320, 0, 0]]);
});

Deno.test("a router's entropy is that of its scores, log2 E where it tells nothing", () => {
  const bits = (logits: number[], score: "softmax" | "sigmoid" = "softmax") =>
    routerBits(Float32Array.from(logits), { experts: 4, score });
  assertEquals([...bits([3, 3, 3, 3, -800, 0, -900, -1e4])], [2, 0]);
  // Shares 1/2, 1/4, 1/8, 1/8.
  const [half] = bits([Math.log(4), Math.log(2), 0, 0]);
  assertAlmostEquals(half, 1.75, 1e-6);
  // Sigmoids 1/2, 1/4, 1/4 and 0 add up to one.
  const [own, sure, none] = bits(
    [0, -Math.log(3), -Math.log(3), -1e3, 40, -60, -60, -60, 9, 9, 9, 9],
    "sigmoid",
  );
  assertAlmostEquals(own, 1.5, 1e-6);
  assertAlmostEquals(sure, 0, 1e-6);
  assertAlmostEquals(none, 2, 1e-6);
});

Deno.test("a router may be sure of each token while its loads are even, and the report says so", () => {
  const sure: RoutedTexts = {
    ...byChance,
    sequences: byChance.sequences.map((one, i) => ({
      ...one,
      routerBits_LT: [new Float32Array(one.ids.length).fill(i % 2 ? 0.5 : 1)],
    })),
  };
  const study = studyRouting(sure, { draws: 100, seed: 1 });
  const [{ routerBits: found, routerEntropyFraction, loadEntropyFraction }] = study.loads;
  assertAlmostEquals(found!.value, 0.75, 1e-12);
  assert(found!.lo > 0.5 && found!.hi < 1 && found!.lo < 0.75 && found!.hi > 0.75);
  assertAlmostEquals(routerEntropyFraction!.value, 0.25, 1e-12);
  assert(loadEntropyFraction.value > 0.99);
  const words = studyVerdict(study);
  assertMatch(
    words,
    /leaves 0\.75 bits open between its 8 experts, .* nothing leaves 3; .* leave 3\.$/,
  );
  assertEquals(studyRouting(byChance, { draws: 9, seed: 1 }).loads[0].routerBits, undefined);
});

Deno.test("sequences are drawn again within their domain, and intervals hold the value", () => {
  const domains = [0, 0, 0, 1, 1];
  const stream = split(3, "redrawn");
  const draws = redrawn((weights) => [...weights], { domains, draws: 50, stream });
  for (const weights of draws) {
    assertEquals(weights.slice(0, 3).reduce((a, b) => a + b), 3);
    assertEquals(weights.slice(3).reduce((a, b) => a + b), 2);
  }
  const numbers = [1, 2, 3, 10, 20];
  const [{ value, lo, hi, n }] = withIntervals(
    (weights) => [numbers.reduce((sum, x, i) => sum + weights[i] * x, 0)],
    { domains, draws: 400, stream },
  );
  assertEquals([value, n], [36, 5]);
  assert(lo < value && value < hi);
});

Deno.test("same texts and seed, same study; losses are by domain", () => {
  const told = { draws: 60, seed: 5 };
  const study = studyRouting(byToken, told);
  assertEquals(studyRouting(byToken, told), study);
  assertEquals(study.losses!.map(({ value }) => value), [1, 2, 3]);
});
