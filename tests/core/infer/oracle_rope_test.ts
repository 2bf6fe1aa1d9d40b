import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { RopeScaling, RopeSettings } from "../../../core/checkpoints/run_settings.ts";
import { frequencies, turned } from "./oracle/rope.ts";
import { dot } from "./oracle/tensors.ts";

const base: RopeSettings = { theta: 10000, dim: 8, pairs: "halves" };

const scalings: readonly (RopeScaling | undefined)[] = [
  undefined,
  { kind: "linear", factor: 3 },
  { kind: "llama3", factor: 8, lowFactor: 1, highFactor: 4, length: 32 },
  {
    ...{ kind: "yarn", factor: 4, length: 64, fast: 32, slow: 1, rounded: false },
    magnitude: 1.2,
  },
];

const head = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
  minLength: 10,
  maxLength: 10,
});

Deno.test("products of turned heads depend on distance alone", () => {
  const cases = fc.record({
    ...{ q: head, k: head, scaling: fc.constantFrom(...scalings) },
    ...{ pairs: fc.constantFrom("halves" as const, "neighbours" as const) },
    ...{ at: fc.nat(50), distance: fc.nat(50), shift: fc.nat(500) },
  });
  fc.assert(
    fc.property(cases, ({ q, k, scaling, pairs, at, distance, shift }) => {
      const rope = { ...base, pairs, scaling };
      const product = (s: number) =>
        dot(turned(q, at + distance + s, rope), turned(k, at + s, rope));
      assertAlmostEquals(product(0), product(shift), 1e-9);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("turning by hand: a quarter turn, by halves and by neighbours", () => {
  // Position pi / 2 of a frequency of 1 is a quarter turn; the second pair turns by a hundredth.
  const quarter = Math.PI / 2;
  const small = quarter / 100;
  const halves = turned([1, 2, 3, 4, 5], quarter, { theta: 10000, dim: 4, pairs: "halves" });
  const cos = Math.cos(small);
  const sin = Math.sin(small);
  const wanted = [-3, 2 * cos - 4 * sin, 1, 4 * cos + 2 * sin, 5];
  halves.forEach((value, i) => assertAlmostEquals(value, wanted[i], 1e-12));
  const neighbours = turned([1, 3, 2, 4, 5], quarter, {
    ...{ theta: 10000, dim: 4, pairs: "neighbours" },
  });
  [0, 2, 1, 3, 4].forEach((from, i) =>
    assertAlmostEquals(neighbours[i], wanted[from], 1e-12, `channel ${i}`)
  );
});

Deno.test("a factor of one, of any kind, stretches nothing", () => {
  for (const scaling of scalings) {
    const one = scaling && { ...scaling, factor: 1 };
    const found = frequencies({ ...base, scaling: one });
    frequencies(base).forEach((wanted, c) => assertAlmostEquals(found[c], wanted, 1e-15));
  }
  const linear = { ...base, scaling: { kind: "linear", factor: 3 } } as const;
  const v = [1, 2, 3, 4, 5, 6, 7, 8];
  turned(v, 21, linear).forEach((value, i) =>
    assertAlmostEquals(value, turned(v, 7, base)[i], 1e-12)
  );
});

Deno.test("yarn's magnitude lengthens the turned channels alone", () => {
  const v = [1, -1, 2, 0.5, 3, 1, -2, 1, 7, -7];
  const length = (x: ArrayLike<number>) => Math.sqrt(dot(x, x));
  const out = turned(v, 17, { ...base, scaling: scalings[3] });
  assertAlmostEquals(length(out.slice(0, 8)), 1.2 * length(v.slice(0, 8)), 1e-12);
  assertEquals(Array.from(out.slice(8)), [7, -7]);
});

// Snapshots of the library that reads these releases, five digits each (transformers,
// tests/utils/test_modeling_rope_utils.py): theta 10000, 128 channels, factor 10, length 2048.
const snapshots: readonly { scaling: RopeScaling; values: Record<number, number> }[] = [
  {
    scaling: {
      ...{ kind: "yarn", factor: 10, length: 2048, fast: 32, slow: 1, rounded: true },
      magnitude: 1,
    },
    values: {
      ...{ 0: 1, 1: 0.86596, 16: 0.1, 17: 0.083479, 20: 0.048136, 28: 0.010101, 33: 0.0033599 },
      ...{ 39: 0.00062810, 40: 0.00043007, 41: 0.00027384, 63: 0.000011548 },
    },
  },
  {
    scaling: { kind: "llama3", factor: 10, length: 2048, lowFactor: 1, highFactor: 4 },
    values: {
      ...{ 0: 1, 17: 0.086596, 30: 0.013335, 31: 0.010730, 32: 0.0077785, 36: 0.0019675 },
      ...{ 40: 0.00034539, 41: 0.00027384, 63: 0.000011548 },
    },
  },
];

for (const { scaling, values } of snapshots) {
  Deno.test(`frequencies of ${scaling.kind} are those of the released library`, () => {
    const found = frequencies({ ...base, dim: 128, scaling });
    for (const [c, wanted] of Object.entries(values)) {
      assert(Math.abs(found[Number(c)] / wanted - 1) < 6e-5, `pair ${c}: ${found[Number(c)]}`);
    }
  });
}
