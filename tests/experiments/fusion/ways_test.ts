/** Ways to use experts on text that is made by hand: rules, what fusers are told, and who is asked. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { askFrugally, type JudgedText } from "../../../experiments/fusion/ask_frugally.ts";
import {
  askedAtRandom,
  bestOfSequence,
  doneSoFar,
  fuserWays,
  meanSoFar,
} from "../../../experiments/fusion/fusers.ts";
import { lossesOfExpert } from "../../../experiments/fusion/said.ts";
import { evenLosses, expertOfDomain, posteriorMix } from "../../../experiments/fusion/ways.ts";
import { specialists } from "./specialists.ts";

const text = specialists({ sequences: 4, length: 6, seed: 1 });
const { said, experts, length } = text;
const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;

Deno.test("rules: the mean of predictions, a posterior, and the expert of a domain", () => {
  const even = evenLosses(said);
  const chances = [...said.losses_TE.slice(0, experts)].map((loss) => Math.exp(-loss));
  assertAlmostEquals(even[0], -Math.log(mean(chances)), 1e-9);
  const posterior = posteriorMix(said, text);
  assertAlmostEquals(posterior[0], even[0], 1e-6);
  assertLess(mean(posterior), mean(even));
  const oracle = expertOfDomain([said], { domains: ["a", "b"] });
  assertEquals(oracle, [0, 1]);
  assertLess(mean(even), mean(lossesOfExpert(said, 0)));
  assertThrows(
    () => expertOfDomain([said], { domains: ["a", "b", "c"] }),
    RangeError,
    "the expert of c: found no known text",
  );
});

Deno.test("what fusers are told: who was best, and how each did before a token alone", () => {
  assertEquals([...bestOfSequence(text)], [...said.batch.tags]);
  const [ranks, means] = [doneSoFar(text), meanSoFar(text)];
  for (let t = 0; t < said.batch.ids.length; t++) {
    const seen = t % length;
    for (let e = 0; e < experts; e++) {
      const before = [...lossesOfExpert(said, e).slice(t - seen, t)].reduce((a, b) => a + b, 0);
      assertAlmostEquals(means[t * experts + e], before / (seen + 4), 1e-5);
    }
    const [a, b] = [ranks[t * experts], ranks[t * experts + 1]];
    assertEquals(Math.max(a, b), 0);
    assert(a >= -1 && b >= -1);
    if (seen === length - 1) assertEquals([a, b].indexOf(0), said.batch.tags[t]);
  }
});

Deno.test("sets at random: all of them, never none, and nothing is heard of the others", () => {
  const at = { seed: 1, step: 2 };
  const many = specialists({ sequences: 16, length: 8, seed: 1 });
  const asked_TE = askedAtRandom(many, at);
  const sets = new Set(
    Array.from({ length: 128 }, (_, t) => asked_TE[2 * t] + 2 * asked_TE[2 * t + 1]),
  );
  assertEquals([...sets].sort(), [1, 2, 3]);
  const way = fuserWays.find(({ hidden }) => hidden)!;
  const { predictions, told, barred } = way.batch(many, at);
  asked_TE.forEach((one, i) => {
    assertEquals(barred[i], one ? 0 : -1e4);
    if (one) {
      assertAlmostEquals(
        predictions[3 * i] + predictions[3 * i + 1] + predictions[3 * i + 2],
        1,
        1e-6,
      );
    } else assertEquals([predictions[3 * i], told[i]], [0, 0]);
  });
});

Deno.test("asked by price: fewer where it is higher, and no more than tells tokens apart", () => {
  // Expert 0 says of which kind a token is: alone it is right about the first kind, and expert 1 about both.
  const kinds = [0, 0, 0, 1, 1, 1];
  const judged = (of: readonly number[]): JudgedText => ({
    together: [0, 1, 2, 3].map((set) => Float64Array.from(of, (kind) => set & 1 ? 5 * kind : 0)),
    losses: [
      Float64Array.from(of, () => Infinity),
      Float64Array.from(of, (kind) => kind === 0 ? 0.1 : 2),
      Float64Array.from(of, () => 1.2),
      Float64Array.from(of, () => 0.1),
    ],
  });
  const options = { experts: 2, hidden: 1, known: judged(kinds), neighbours: 3 };
  const [cheap, dear, dearest] = askFrugally(judged([1, 0]), {
    ...{ ...options, prices: [0.01, 0.5, 5] },
  });
  // Before anyone is asked expert 0 is the better one: 1.05 on average.
  assertEquals([...cheap.asked_T], [2, 1]);
  assertEquals([...cheap.losses_T], [0.1, 0.1]);
  assertEquals([...dear.asked_T], [2, 1]);
  assertEquals([[...dearest.asked_T], [...dearest.losses_T]], [[1, 1], [2, 0.1]]);
});
