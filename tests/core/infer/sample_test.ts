/** Drawing tokens: how often each comes, and from how many. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { likeliest, sampleToken, type SamplingOptions } from "../../../core/infer/sample.ts";
import { normals, split } from "../../../kernels/base/random.ts";

const logits = Float32Array.of(1, 3, 2, 3, -1);

/** The share of each token among many draws. */
function shares(options: SamplingOptions, draws = 20_000): number[] {
  const stream = split(1, "shares");
  const counts = Array<number>(logits.length).fill(0);
  for (let i = 0; i < draws; i++) counts[sampleToken(logits, { ...options, stream })]++;
  return counts.map((count) => count / draws);
}

function assertShares(options: SamplingOptions, kept: number[]) {
  const { temperature = 1 } = options;
  const weights = Array.from(
    logits,
    (logit, id) => kept.includes(id) ? Math.exp(logit / temperature) : 0,
  );
  const total = weights.reduce((a, b) => a + b);
  shares(options).forEach((share, id) => {
    assertAlmostEquals(share, weights[id] / total, 0.015, `${JSON.stringify(options)} ${id}`);
    if (!kept.includes(id)) assertEquals(share, 0);
  });
}

Deno.test("tokens come as often as the softmax over those that are kept says", () => {
  assertShares({ temperature: 1 }, [0, 1, 2, 3, 4]);
  assertShares({ temperature: 0.5 }, [0, 1, 2, 3, 4]);
  assertShares({ temperature: 2, topK: 3 }, [1, 2, 3]);
  // Of equal logits the first is kept.
  assertShares({ temperature: 1, topK: 1 }, [1]);
  // Shares in order: 0.39, 0.39, 0.14, 0.05, 0.01.
  assertShares({ temperature: 1, topP: 0.3 }, [1]);
  assertShares({ temperature: 1, topP: 0.4 }, [1, 3]);
  assertShares({ temperature: 1, topP: 0.8 }, [1, 2, 3]);
  assertShares({ temperature: 1, topK: 2, topP: 0.6 }, [1, 3]);
  assertShares({ temperature: 1, topK: 99 }, [0, 1, 2, 3, 4]);
});

Deno.test("without a temperature the first of the largest is taken", () => {
  const stream = split(1, "greedy");
  assertEquals(sampleToken(logits, { stream }), 1);
  assertEquals(sampleToken(logits, { stream, temperature: 0, topK: 5 }), 1);
  assertEquals(likeliest([-3, -1, -2, -1]), 1);
});

Deno.test("what is drawn is among the likeliest, for any logits and options", () => {
  const cases = fc.record({
    seed: fc.integer(),
    count: fc.integer({ min: 1, max: 40 }),
    spread: fc.double({ min: 0, max: 60, noNaN: true }),
    temperature: fc.double({ min: 0.01, max: 100, noNaN: true }),
    topK: fc.integer({ min: 1, max: 50 }),
    topP: fc.double({ min: 1e-6, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ seed, count, spread, ...options }) => {
      const some = normals(split(seed, "logits"), count, spread);
      const id = sampleToken(some, { ...options, stream: split(seed, "draw") });
      const larger = some.filter((logit) => logit > some[id]).length;
      assert(larger < options.topK);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("what cannot be drawn by is refused", () => {
  const stream = split(1, "refused");
  const call = (options: SamplingOptions) => () => sampleToken(logits, { stream, ...options });
  assertThrows(call({ temperature: -1 }), TypeError, "found -1 as temperature, wanted 0 or more");
  assertThrows(call({ temperature: NaN }), TypeError, "found NaN as temperature");
  assertThrows(call({ topK: 0 }), TypeError, "found 0 as topK, wanted a whole number from 1 on");
  assertThrows(call({ topP: 1.1 }), TypeError, "found 1.1 as topP");
  const broken = Float32Array.of(1, NaN, 0);
  assertThrows(() => sampleToken(broken, { stream }), TypeError, "among the logits");
});
