/** Attention in the language beside attention written out. */
import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { attendWithin, sightMask } from "../../../core/programs/attention.ts";
import { rmsRows } from "../../../core/programs/blocks.ts";
import { split } from "../../../kernels/base/random.ts";

/** What head h of token t sees, summed over the keys that it may see. */
function written(
  { q, k, v, width, heads, keyHeads, length, causal, hidden }: {
    q: Float64Array;
    k: Float64Array;
    v: Float64Array;
    width: number;
    heads: number;
    keyHeads: number;
    length: number;
    causal: boolean;
    hidden: boolean[];
  },
): number[] {
  const rows = q.length / heads / width;
  const out: number[] = [];
  for (let t = 0; t < rows; t++) {
    for (let h = 0; h < heads; h++) {
      const of = Math.floor(h * keyHeads / heads);
      const first = Math.floor(t / length) * length;
      const keys = Array.from({ length }, (_, i) => first + i)
        .filter((at) => (!causal || at <= t) && !hidden[at]);
      const scores = keys.map((at) => {
        let dot = 0;
        for (let i = 0; i < width; i++) {
          dot += q[(t * heads + h) * width + i] * k[(at * keyHeads + of) * width + i];
        }
        return Math.exp(dot / Math.sqrt(width));
      });
      const whole = scores.reduce((a, b) => a + b, 0);
      for (let i = 0; i < width; i++) {
        out.push(
          keys.reduce(
            (sum, at, j) => sum + scores[j] / whole * v[(at * keyHeads + of) * width + i],
            0,
          ),
        );
      }
    }
  }
  return out;
}

Deno.test("tokens see their own sequence, in one piece or in many", () => {
  fc.assert(
    fc.property(
      fc.record({
        length: fc.integer({ min: 1, max: 9 }),
        sequences: fc.constantFrom(1, 3, 4, 15),
        shared: fc.boolean(),
        causal: fc.boolean(),
        hide: fc.boolean(),
        seed: fc.nat(99),
      }),
      ({ length, sequences, shared, causal, hide, seed }) => {
        const [heads, width] = [2, 3];
        const keyHeads = shared ? 1 : heads;
        const rows = length * sequences;
        const stream = split(seed, "attention");
        const drawn = (columns: number) =>
          hostMatrix(
            [rows, columns],
            Array.from({ length: rows * columns }, () => stream.normal()),
          );
        const [query, key, value] = [
          ...[drawn(heads * width), drawn(keyHeads * width), drawn(keyHeads * width)],
        ];
        // The first token of a sequence is always seen, so that nobody sees nothing.
        const hidden = Array.from({ length: rows }, (_, t) => hide && t % length % 2 === 1);
        const g = hostArrays({ seed: 1 });
        const far = hostMatrix([1, rows], hidden.map((one) => one ? -1e4 : 0));
        const seen = attendWithin(g, query, {
          ...{ key, value, heads, keyHeads, sight: { length, causal } },
          ...hide && { hidden: far },
        });
        const wanted = written({
          ...{ q: query.data, k: key.data, v: value.data, width, heads, keyHeads },
          ...{ length, causal, hidden },
        });
        assertEquals(seen.shape, [rows, heads * width]);
        seen.data.forEach((one, i) => assertAlmostEquals(one, wanted[i], 1e-9));
      },
    ),
    { seed: 1, numRuns: 40 },
  );
});

Deno.test("a mask is 0 where a token may see another, and far below 0 elsewhere", () => {
  const mask = sightMask(hostArrays({ seed: 1 }), 4, { length: 2, causal: true });
  assertEquals([...mask.data].map((v) => v === 0 ? 1 : 0), [
    ...[1, 0, 0, 0],
    ...[1, 1, 0, 0],
    ...[0, 0, 1, 0],
    ...[0, 0, 1, 1],
  ]);
  assert(mask.data.every((v) => v === 0 || v <= -1e4));
});

Deno.test("rows become rows of root mean square 1, times a gain", () => {
  const g = hostArrays({ seed: 1 });
  const rows = rmsRows(g, hostMatrix([1, 2], [3, 4]), hostMatrix([1, 2], [1, 2]));
  const root = Math.sqrt((9 + 16) / 2);
  assertAlmostEquals(rows.data[0], 3 / root);
  assertAlmostEquals(rows.data[1], 2 * 4 / root);
});
